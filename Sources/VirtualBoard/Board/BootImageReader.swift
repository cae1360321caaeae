// How the boot ROM reads an image (ESP-IDF, "Firmware Image Format"): header fields with the names it prints for them,
// and segments one after the other with the running checksum and its remarks about 16-byte blocks and 64 KB pages.

/// The image header as the boot ROM uses it.
struct BootHeader {
    let segmentCount: Int
    let mode: UInt8
    let sizeAndFrequency: UInt8
    let entry: UInt32
    let writeProtectPin: UInt8
    let drive: [UInt8]

    static let byteCount = 24
    static let magic: UInt8 = 0xE9
    // The ROM takes more for an invalid header, and read modes beyond the six it knows as well.
    static let segmentLimit = 32
    static let modeLimit = 5

    var modeName: String {
        switch mode {
        case 0: "QIO"
        case 1: "QOUT"
        case 2: "DIO"
        case 3: "DOUT"
        case 4: "FAST_RD"
        default: "SLOW_RD"
        }
    }

    // Dividers of 80 MHz: 40, 26 and 20 MHz, else 80 MHz.
    var clockDivider: Int {
        switch sizeAndFrequency & 15 {
        case 0: 2
        case 1: 3
        case 2: 4
        default: 1
        }
    }

    // Four bits for each pin, in the order in which they are printed.
    var driveLine: String {
        let values = drive.flatMap { [$0 & 15, $0 >> 4] }
        let names = ["clk_drv", "q_drv", "d_drv", "cs0_drv", "hd_drv", "wp_drv"]
        return zip(names, values).map { "\($0):0x\(hex(UInt32($1), digits: 2))" }.joined(separator: ",")
    }
}

/// What has been loaded so far.
struct BootLoad {
    /// Offset in the image of the next unread byte.
    var position = BootHeader.byteCount
    var checksum: UInt8 = 0xEF
    var steps: [BootStep] = []
    /// Where the last segment's data began within the 16-byte block in which it ended; nil before any segment.
    fileprivate var headOffset: Int?
}

/// Reads an image out of the flash as the ROM does: addresses wrap at the chip's size.
struct BootImageReader {
    let flash: NORFlash

    private static let pageSize = FlashCache.pageSize
    // 4 MB a second through the cache.
    private static let nanosecondsPerByte: UInt64 = 250
    // The watchdog, which bites after 333 ms, ends a load of so many bytes before it is done.
    private static let byteLimit = 24 * pageSize

    func byte(_ position: Int) -> UInt8 {
        let offset = (BootROM.imageOffset + position) % flash.size
        return (flash.bytes + offset).load(as: UInt8.self)
    }

    func word(_ position: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(byte(position + $1)) << UInt32(8 * $1) }
    }

    /// The header, nil when the ROM takes it for none.
    func header() -> BootHeader? {
        guard byte(0) == BootHeader.magic, byte(1) <= BootHeader.segmentLimit, byte(2) <= BootHeader.modeLimit else {
            return nil
        }
        return BootHeader(
            segmentCount: Int(byte(1)), mode: byte(2), sizeAndFrequency: byte(3), entry: word(4),
            writeProtectPin: byte(8), drive: [byte(9), byte(10), byte(11)])
    }

    /// Takes the next segment; false when it never ends.
    func loadSegment(_ load: inout BootLoad) -> Bool {
        startHeader(&load)
        let address = word(load.position)
        let length = word(load.position + 4)
        load.position += 8
        load.steps.append(.print("load:0x\(hex(address, digits: 8)),len:\(Int32(bitPattern: length))"))
        let start = load.position
        let count = min(Int(length), max(0, Self.byteLimit - load.position))
        load.steps.append(.copy(address: address, flashOffset: BootROM.imageOffset + start, count: count))
        readData(count: count, &load)
        load.position = start + count
        load.headOffset = start & ~15 == load.position & ~15 ? start & 15 : 0
        return count == Int(length)
    }

    /// The checksum at the end of the 16-byte block in which the last segment ended.
    func storedChecksum(_ load: inout BootLoad) -> UInt8 {
        remarkOnPage(at: load.position, &load)
        // Without any segment the ROM has not begun a block yet and takes the one after the header's.
        return byte(load.headOffset == nil ? load.position + 23 : load.position | 15)
    }

    // The ROM reads blocks of 16 bytes and says so when a segment's header does not fit into the rest of one.
    private func startHeader(_ load: inout BootLoad) {
        remarkOnPage(at: load.position, &load)
        let used = load.position & 15
        guard let head = load.headOffset, used > 8 else { return }
        load.steps.append(.print("ho \(head) tail \(used - head) room \(16 - used)"))
        let flashOffset = BootROM.imageOffset + load.position
        if flashOffset / Self.pageSize != (flashOffset + 8 - 1) / Self.pageSize {
            mapPage(holding: flashOffset + 8 - 1, "1213", &load)
        }
    }

    private func readData(count: Int, _ load: inout BootLoad) {
        if count == 0 { return }
        remarkOnPage(at: load.position, &load)
        for index in 0..<count { load.checksum ^= byte(load.position + index) }
        var offset = BootROM.imageOffset + load.position
        let end = offset + count
        while offset < end {
            let next = min(end, (offset / Self.pageSize + 1) * Self.pageSize)
            load.steps.append(.wait(nanoseconds: UInt64(next - offset) * Self.nanosecondsPerByte))
            if next < end { mapPage(holding: next, "1150", &load) }
            offset = next
        }
    }

    // A read that starts with a page, as against one that runs into it: another line of the ROM's source.
    private func remarkOnPage(at position: Int, _ load: inout BootLoad) {
        let offset = BootROM.imageOffset + position
        if offset % Self.pageSize == 0 { mapPage(holding: offset, "1163", &load) }
    }

    private func mapPage(holding offset: Int, _ line: String, _ load: inout BootLoad) {
        let page = hex(UInt32(truncatingIfNeeded: offset & ~(Self.pageSize - 1)), digits: 8)
        load.steps.append(.print("\(line) mmu set \(page), pos \(page)"))
    }
}
