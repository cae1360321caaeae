// The commands that write one run of sectors: a BEGIN that erases it, then its blocks, compressed where that
// makes them fewer. The END command goes to a stub only: to the ROM it means leaving the loader.

/// The requests of one run, handed out one at a time.
package struct RunWriter: Equatable, Sendable {
    /// The run's offsets in the flash.
    package let range: Range<Int>
    /// Whether the blocks are a zlib stream.
    package let isCompressed: Bool
    private let begin: LoaderRequest
    private let payload: [UInt8]
    private let kind: LoaderKind
    private var sent = -1
    private var isEnded = false

    /// Prepares `range` of `region`.
    package init(
        _ region: FlashRegion, range: Range<Int>, compresses: Bool, encryptionWord: Bool, kind: LoaderKind
    ) {
        self.range = range
        self.kind = kind
        var bytes = Array(region.bytes[range.lowerBound - region.offset..<range.upperBound - region.offset])
        // The ROM programs whole words.
        bytes += [UInt8](repeating: 0xFF, count: (4 - bytes.count % 4) % 4)
        let plainBlocks = Self.blocks(bytes.count, kind)
        if compresses, let stream = Deflate.compress(bytes[...]), Self.blocks(stream.count, kind) < plainBlocks {
            isCompressed = true
            payload = stream
            begin = .deflateBegin(
                uncompressedBytes: bytes.count, blocks: Self.blocks(stream.count, kind), offset: range.lowerBound,
                encryptionWord: encryptionWord, kind)
        } else {
            isCompressed = false
            payload = bytes
            begin = .flashBegin(
                eraseBytes: bytes.count, blocks: plainBlocks, offset: range.lowerBound,
                encryptionWord: encryptionWord, kind)
        }
    }

    /// The next request; nil when all were handed out.
    package mutating func next() -> LoaderRequest? {
        defer { sent += 1 }
        guard sent >= 0 else { return begin }
        let start = sent * kind.blockBytes
        guard start < payload.count else {
            guard kind == .stub, !isEnded else { return nil }
            isEnded = true
            return .flashEnd(isCompressed: isCompressed, bytes: range.count)
        }
        let block = payload[start..<min(start + kind.blockBytes, payload.count)]
        return isCompressed
            ? .deflateData(block, sequence: sent, uncompressedBytes: range.count)
            : .flashData(block, sequence: sent, kind)
    }

    /// Roughly how many bytes of the run the requests answered so far stand for.
    package var bytesDone: Int {
        guard !payload.isEmpty else { return range.count }
        return min(range.count, max(0, sent - 1) * kind.blockBytes * range.count / payload.count)
    }

    /// The command handed out last.
    package var opcode: LoaderOpcode {
        if isErasing { return begin.opcode }
        if isEnded { return isCompressed ? .deflateEnd : .flashEnd }
        return isCompressed ? .deflateData : .flashData
    }

    /// Whether the request handed out last was the one that erases.
    package var isErasing: Bool { sent == 0 }

    private static func blocks(_ count: Int, _ kind: LoaderKind) -> Int {
        (count + kind.blockBytes - 1) / kind.blockBytes
    }
}
