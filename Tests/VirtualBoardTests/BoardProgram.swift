// Small programs for the board's tests, put together instruction by instruction (Xtensa ISA reference, instruction
// formats RRI8, RI16, CALL and RSR), and the image in flash from which the boot ROM loads them.

import VirtualBoard

/// A program that the boot ROM loads to instruction RAM and starts.
struct BoardProgram {
    static let literalBase: UInt32 = 0x4008_0000
    static let codeBase: UInt32 = 0x4008_0200
    private static let imageOffset = 0x1000

    private var literals: [UInt32] = []
    private var code: [UInt8] = []
    /// Further segments: addresses and bytes.
    var segments: [(UInt32, [UInt8])] = []

    /// The address of the next instruction.
    var here: UInt32 { Self.codeBase + UInt32(code.count) }

    private mutating func emit(_ word: UInt32) {
        code += [UInt8(word & 0xFF), UInt8(word >> 8 & 0xFF), UInt8(word >> 16 & 0xFF)]
    }

    // MARK: Instructions

    /// L32R from the literals in front of the code.
    mutating func set(_ register: UInt32, to value: UInt32) {
        let index = literals.firstIndex(of: value) ?? literals.count
        if index == literals.count { literals.append(value) }
        let distance = Self.literalBase + UInt32(4 * index) &- ((here + 3) & ~3)
        emit((distance >> 2) << 8 & 0xFF_FF00 | register << 4 | 1)
    }

    /// S32I: stores a register at an address in another.
    mutating func store(_ register: UInt32, to base: UInt32, offset: UInt32 = 0) {
        emit((offset / 4) << 16 | 6 << 12 | base << 8 | register << 4 | 2)
    }

    /// L32I.
    mutating func load(_ register: UInt32, from base: UInt32, offset: UInt32 = 0) {
        emit((offset / 4) << 16 | 2 << 12 | base << 8 | register << 4 | 2)
    }

    /// ADD.
    mutating func add(_ result: UInt32, _ left: UInt32, _ right: UInt32) {
        emit(0x80_0000 | result << 12 | left << 8 | right << 4)
    }

    /// AND.
    mutating func and(_ result: UInt32, _ left: UInt32, _ right: UInt32) {
        emit(0x10_0000 | result << 12 | left << 8 | right << 4)
    }

    /// J.
    mutating func jump(to target: UInt32) { emit((target &- here &- 4) << 6 & 0xFF_FFC0 | 6) }

    /// BEQZ.
    mutating func jump(to target: UInt32, ifZero register: UInt32) {
        emit((target &- here &- 4) << 12 & 0xFF_F000 | register << 8 | 0x16)
    }

    /// BNEZ.
    mutating func jump(to target: UInt32, ifNotZero register: UInt32) {
        emit((target &- here &- 4) << 12 & 0xFF_F000 | register << 8 | 0x56)
    }

    /// JX.
    mutating func jump(toRegister register: UInt32) { emit(register << 8 | 0xA0) }

    /// CALLX8.
    mutating func call(register: UInt32) { emit(register << 8 | 0xE0) }

    /// WSR.
    mutating func writeSpecial(_ number: UInt32, from register: UInt32) {
        emit(0x13_0000 | number << 8 | register << 4)
    }

    /// RSR.
    mutating func readSpecial(_ number: UInt32, to register: UInt32) { emit(0x03_0000 | number << 8 | register << 4) }

    /// WAITI 0.
    mutating func wait() { emit(0x00_7000) }

    /// RFE.
    mutating func returnFromException() { emit(0x00_3000) }

    // MARK: What several tests do

    /// `j .`
    mutating func spin() { jump(to: here) }

    /// Stores a value to an address; uses a14 and a15.
    mutating func poke(_ address: UInt32, _ value: UInt32) {
        set(14, to: address)
        set(15, to: value)
        store(15, to: 14)
    }

    /// Puts text into the FIFO of UART 0, which must have room; uses a14 and a15.
    mutating func print(_ text: String) {
        for byte in text.utf8 { poke(0x3FF4_0000, UInt32(byte)) }
    }

    /// Fills with zeros up to `address`, for a vector or a handler there.
    mutating func skip(to address: UInt32) {
        precondition(address >= here)
        code += [UInt8](repeating: 0, count: Int(address - here))
    }

    /// Counts down for so long: two instructions a round; uses a12 and a13.
    mutating func delay(milliseconds: UInt32) {
        set(12, to: milliseconds * 20_000)
        set(13, to: .max)
        let round = here
        add(12, 12, 13)
        jump(to: round, ifNotZero: 12)
    }

    /// Turns off the watchdogs that a boot from flash arms: RTC_CNTL_WDTCONFIG0 and TIMG0's, both unlocked by the ROM.
    mutating func stopWatchdogs() {
        poke(0x3FF4_808C, 0)
        poke(0x3FF5_F048, 0)
    }

    // MARK: The image

    /// The image with its checksum, as the boot ROM reads it.
    var image: [UInt8] {
        let all =
            [
                (Self.literalBase, literals.flatMap { word in (0..<4).map { UInt8(word >> ($0 * 8) & 0xFF) } }),
                (Self.codeBase, code + [UInt8](repeating: 0, count: (4 - code.count % 4) % 4)),
            ].filter { !$0.1.isEmpty } + segments
        return Self.image(all, entry: Self.codeBase)
    }

    /// An image of these segments: header, segments, zeros, and the checksum as the last byte of a 16-byte block.
    static func image(_ segments: [(UInt32, [UInt8])], entry: UInt32) -> [UInt8] {
        func bytes(_ word: UInt32) -> [UInt8] { (0..<4).map { UInt8(word >> ($0 * 8) & 0xFF) } }
        var image: [UInt8] = [0xE9, UInt8(segments.count), 2, 0x20] + bytes(entry)
        image += [0xEE] + [UInt8](repeating: 0, count: 15)
        for (address, data) in segments { image += bytes(address) + bytes(UInt32(data.count)) + data }
        image += [UInt8](repeating: 0, count: 15 - image.count % 16)
        return image + [segments.reduce(0xEF) { $1.1.reduce($0, ^) }]
    }

    /// A flash chip with the image where the ROM looks for it.
    func flash(size: Int = 4 << 20) throws -> NORFlash {
        let flash = try NORFlash(size: size)
        flash.put(image, at: Self.imageOffset)
        return flash
    }
}

extension NORFlash {
    /// Lays bytes into the chip as if they had always been there: no fault and no counter takes note.
    func put(_ data: [UInt8], at offset: Int) {
        bytes.advanced(by: offset).copyMemory(from: data, byteCount: data.count)
    }
}

extension Board {
    /// Runs for so much board time from now, or until the text holds `ending`, and returns what it said.
    func text(until ending: String? = nil, milliseconds: UInt64 = 1000) -> String {
        let wanted = Array((ending ?? "").utf8)
        let bytes = bytes(milliseconds: milliseconds) { bytes, count in
            !wanted.isEmpty && bytes.suffix(count + wanted.count - 1).holds(wanted)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same as bytes; `isEnough` is given all of them and the count of those that came last.
    func bytes(milliseconds: UInt64, until isEnough: ([UInt8], Int) -> Bool = { _, _ in false }) -> [UInt8] {
        var bytes: [UInt8] = []
        let deadline = now + milliseconds * 1_000_000
        while run(until: deadline) == .output {
            let more = takeOutput()
            bytes += more
            if isEnough(bytes, more.count) { break }
        }
        return bytes
    }
}

extension ArraySlice<UInt8> {
    fileprivate func holds(_ part: [UInt8]) -> Bool {
        count >= part.count && (startIndex...endIndex - part.count).contains { self[$0...].starts(with: part) }
    }
}
