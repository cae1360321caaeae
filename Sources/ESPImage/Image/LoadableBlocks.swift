// From an ELF file to the blocks an image loads: which sections count, and which of them grow together. Sections are
// taken in the order of the file and joined only with their neighbours there, as esptool does; sorting first would give
// other images.

/// Bytes for one address range, with the name of the section they begin with.
struct LoadableBlock {
    let name: String
    var address: UInt32
    var data: [UInt8]

    /// One past its last byte; at most 2^32.
    var end: Int { Int(address) + data.count }
}

/// What of an ELF file is loaded.
public enum LoadSource: Sendable {
    /// The sections with contents and an address (the default).
    case sections
    /// The PT_LOAD program headers, at their physical addresses.
    case programHeaders
}

extension ELFFile {
    static let applicationDescriptorSection = ".flash.appdesc"
    static let bootloaderDescriptorSection = ".dram0.bootdesc"

    /// The blocks in the order of the file, each padded with zeros to a multiple of 4.
    func loadableBlocks(_ source: LoadSource) throws(ESPImageError) -> [LoadableBlock] {
        var blocks: [LoadableBlock] = []
        switch source {
        case .sections:
            for section in sections
            where section.address != 0 && section.size > 0 && SectionType.loaded.contains(section.type) {
                blocks.append(try Self.block(section.name, section.address, try contents(of: section)))
            }
        case .programHeaders:
            for header in programHeaders where header.type == 1 && header.physicalAddress != 0 && header.fileSize > 0 {
                blocks.append(try Self.block("PHDR", header.physicalAddress, try contents(of: header)))
            }
        }
        guard !blocks.isEmpty else { throw .elfInvalid(.nothingToLoad) }
        return blocks
    }

    private static func block(
        _ name: String, _ address: UInt32, _ contents: ArraySlice<UInt8>
    ) throws(ESPImageError) -> LoadableBlock {
        var data: [UInt8] = []
        data.reserveCapacity(contents.count + 3)
        data.append(contentsOf: contents)
        data.pad(to: 4, with: 0)
        let block = LoadableBlock(name: name, address: address, data: data)
        guard block.end <= 1 << 32 else {
            throw .elfInvalid(.addressWraps(name: name, address: address, size: contents.count))
        }
        return block
    }
}

extension Chip {
    /// Joins each block to the one before it where it starts exactly at that one's end and both start in the same
    /// kinds of memory.
    func joiningNeighbours(_ blocks: [LoadableBlock]) -> [LoadableBlock] {
        var joined: [LoadableBlock] = []
        var kindOfPrevious: MemoryKind?
        for block in blocks {
            let kind = memoryKinds(at: block.address)
            if let last = joined.indices.last, kind == kindOfPrevious, joined[last].end == Int(block.address) {
                joined[last].data.append(contentsOf: block.data)
            } else {
                joined.append(block)
            }
            kindOfPrevious = kind
        }
        return joined
    }
}
