// The NOR flash: what a program and an erase may do to its bytes, its SPI commands, its file, and how it breaks.

import Glibc
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

@Suite("NOR flash")
struct FlashTests {
    private let flash: NORFlash

    init() throws { flash = try NORFlash(size: 1 << 20) }

    private func bytes(_ offset: Int, _ count: Int) -> [UInt8] { flash.read(offset, count: count) ?? [] }

    private func wait(_ opcode: UInt8, _ address: UInt32 = 0, _ written: [UInt8] = []) {
        _ = flash.command(0x06, address: 0, written: [], readCount: 0)
        _ = flash.command(opcode, address: address, written: written, readCount: 0)
    }

    @Test("A new chip is erased")
    func isErased() { #expect(bytes(0, 1 << 20).allSatisfy { $0 == 0xFF }) }

    @Test("Programming only clears bits")
    func programsClearBits() {
        #expect(flash.program(0x100, [0xF0, 0x0F]))
        #expect(flash.program(0x100, [0x3C, 0xFF]))
        #expect(bytes(0xFF, 4) == [0xFF, 0x30, 0x0F, 0xFF])
    }

    @Test("A long program goes on in the next page, one operation per page")
    func programsPages() {
        #expect(flash.program(0x1F0, ArraySlice([UInt8](repeating: 0x11, count: 300))))
        #expect(bytes(0x1F0, 300).allSatisfy { $0 == 0x11 })
        #expect(bytes(0x1F0 + 300, 1) == [0xFF])
        #expect(flash.counters.programs == 3)
        #expect(flash.counters.bytesProgrammed == 300)
    }

    @Test(
        "An erase sets its block and nothing else",
        arguments: [(FlashBlock.sector, 0x1000), (.half, 0x8000), (.full, 0x10000)])
    func erases(block: FlashBlock, size: Int) {
        let start = 0x20000
        #expect(flash.program(0, ArraySlice([UInt8](repeating: 0, count: 0x40000))))
        #expect(flash.erase(block, at: start + size / 2 + 3))
        #expect(bytes(start - 1, 1) == [0])
        #expect(bytes(start, size).allSatisfy { $0 == 0xFF })
        #expect(bytes(start + size, 1) == [0])
    }

    @Test(
        "What lies outside the chip is refused and changes nothing",
        arguments: [(1 << 20, 1), ((1 << 20) - 1, 2), (-1, 1), (Int.max, 2), (0, Int.max)])
    func refusesOutside(offset: Int, count: Int) {
        #expect(flash.read(offset, count: count) == nil)
        if count < 100 { #expect(!flash.program(offset, ArraySlice([UInt8](repeating: 0, count: count)))) }
        #expect(!flash.eraseSectors(0..<(1 << 20) + 0x1000))
        #expect(!flash.eraseSectors(0x800..<0x1000))
        #expect(flash.counters.writes == 0)
    }

    @Test("A page program through the pins wraps at the page, and keeps the last 256 bytes of more")
    func wrapsPages() {
        wait(0x02, 0x1FE, [1, 2, 3, 4])
        #expect(bytes(0x1FE, 3) == [1, 2, 0xFF])
        #expect(bytes(0x100, 2) == [3, 4])
        wait(0x02, 0x300, [UInt8](repeating: 0, count: 4) + [UInt8](repeating: 0x55, count: 256))
        #expect(bytes(0x300, 256).allSatisfy { $0 == 0x55 })
    }

    @Test("Writing needs the write-enable latch each time", arguments: [UInt8(0x02), 0x20, 0x52, 0xD8, 0xC7, 0x01])
    func needsWriteEnable(opcode: UInt8) {
        _ = flash.command(opcode, address: 0, written: [0x00], readCount: 0)
        #expect(flash.counters.writes == 0)
        #expect(flash.command(0x05, address: 0, written: [], readCount: 1) == [0])
        _ = flash.command(0x06, address: 0, written: [], readCount: 0)
        #expect(flash.command(0x05, address: 0, written: [], readCount: 1) == [0x02])
        _ = flash.command(opcode, address: 0, written: [0x00], readCount: 0)
        #expect(flash.counters.writes == (opcode == 0x01 ? 0 : 1))
        #expect(flash.command(0x05, address: 0, written: [], readCount: 1) == [0], "the latch is used up")
    }

    @Test(
        "The id follows the size",
        arguments: [(1 << 20, [0xEF, 0x40, 0x14]), (4 << 20, [0xEF, 0x40, 0x16]), (16 << 20, [0xEF, 0x40, 0x18])])
    func identifies(size: Int, id: [UInt8]) throws {
        let flash = try NORFlash(size: size)
        #expect(flash.command(0x9F, address: 0, written: [], readCount: 3) == id)
        #expect(flash.command(0x5A, address: 0, written: [], readCount: 4) == Array("SFDP".utf8))
        // The second word of the parameter table is the number of bits, less one (JESD216).
        let density = flash.command(0x5A, address: 0x84, written: [], readCount: 4)
        #expect(density.reversed().reduce(0) { $0 << 8 | Int($1) } == size * 8 - 1)
    }

    @Test("Protected blocks swallow programs and erases until the bits are cleared")
    func protects() {
        #expect(flash.program(0x1000, [0x12]))
        wait(0x01, 0, [0x1C])
        #expect(flash.protected == 0..<1 << 20)
        #expect(flash.program(0x1000, [0x00]))
        #expect(flash.erase(.sector, at: 0x1000))
        #expect(flash.eraseAll())
        #expect(bytes(0x1000, 1) == [0x12])
        wait(0x01, 0, [0x04])
        #expect(flash.protected == (1 << 20) - (1 << 14)..<1 << 20)
        wait(0x20, 0x1000)
        #expect(bytes(0x1000, 1) == [0xFF])
    }

    @Test("A cut in the middle of a write leaves it half done and the chip without power")
    func losesPower() {
        flash.onWrite = { $0 != 2 && $0 != 3 }
        #expect(flash.program(0, ArraySlice([UInt8](repeating: 0, count: 256))))
        #expect(!flash.program(0x100, ArraySlice([UInt8](repeating: 0, count: 512))))
        #expect(bytes(0x100, 128).allSatisfy { $0 == 0 })
        #expect(bytes(0x180, 0x180).allSatisfy { $0 == 0xFF })
        #expect(!flash.isPowered)
        #expect(!flash.erase(.sector, at: 0), "nothing works without power")
        flash.restorePower()
        #expect(!flash.erase(.sector, at: 0))
        #expect(bytes(0, 256).allSatisfy { $0 == 0xFF })
        flash.restorePower()
        #expect(flash.erase(.sector, at: 0))
    }

    @Test("A stuck cell keeps its value through program and erase")
    func sticks() {
        flash.stuckBits = [
            StuckBit(offset: 0x10, bit: 3, value: false), StuckBit(offset: 0x11, bit: 0, value: true),
            StuckBit(offset: 1 << 30, bit: 0, value: true),
        ]
        #expect(bytes(0x10, 2) == [0xF7, 0xFF])
        #expect(flash.program(0x10, [0xFF, 0x00]))
        #expect(flash.erase(.sector, at: 0))
        #expect(bytes(0x10, 2) == [0xF7, 0xFF])
        #expect(flash.program(0x11, [0x00]))
        #expect(bytes(0x11, 1) == [0x01])
    }

    @Test("Time is counted when it is modelled")
    func countsTime() {
        flash.timing = .typical
        _ = flash.program(0, ArraySlice([UInt8](repeating: 0, count: 512)))
        _ = flash.erase(.sector, at: 0)
        #expect(flash.busyNanoseconds == 2 * 400_000 + 45_000_000)
    }

    @Test("No chip has such a size", arguments: [0, 1, -4096, 0x8000, 3 << 20, 32 << 20, Int.max])
    func refusesSizes(size: Int) { #expect(throws: VirtualBoardError.self) { try NORFlash(size: size) } }
}

@Suite("The flash's file")
struct FlashFileTests {
    @Test("A new file is the erased image, and keeps what is programmed")
    func keeps() throws {
        let folder = try ScratchFolder()
        let file = folder.path.appending("flash.bin")
        var flash: NORFlash? = try NORFlash(file: file, size: 1 << 20)
        #expect(flash?.program(0x1234, [0x42]) == true)
        flash = nil
        let image = try Peers.contents(of: file)
        #expect(image.count == 1 << 20)
        #expect(image[0x1234] == 0x42 && image.filter { $0 == 0xFF }.count == (1 << 20) - 1)
        #expect(try NORFlash(file: file, size: 1 << 20).read(0x1234, count: 1) == [0x42])
    }

    @Test("A shorter file is filled up as erased")
    func fillsUp() throws {
        let folder = try ScratchFolder()
        let flash = try NORFlash(file: try folder.write([1, 2, 3], as: "flash.bin"), size: 1 << 16)
        #expect(flash.read(0, count: 5) == [1, 2, 3, 0xFF, 0xFF])
    }

    @Test("A file has one owner at a time")
    func locks() throws {
        let folder = try ScratchFolder()
        let file = folder.path.appending("flash.bin")
        var first: NORFlash? = try NORFlash(file: file, size: 1 << 16)
        let error = #expect(throws: VirtualBoardError.self) { try NORFlash(file: file, size: 1 << 16) }
        #expect(error?.code == "port-busy")
        #expect(error?.message.contains("in use by") == true)
        _ = first
        first = nil
        #expect(throws: Never.self) { try NORFlash(file: file, size: 1 << 16) }
    }

    @Test("The lock goes with its owner, even where a forked child still has the descriptor")
    func unlocks() throws {
        let folder = try ScratchFolder()
        let file = folder.path.appending("flash.bin")
        var first: NORFlash? = try NORFlash(file: file, size: 1 << 16)
        // What a child holds between fork and exec is a second descriptor of the same open file.
        var inherited: [CInt] = []
        for descriptor in CInt(0)..<65536 {
            var name = [UInt8](repeating: 0, count: 4096)
            let count = readlink("/proc/self/fd/\(descriptor)", &name, name.count)
            guard count > 0, String(decoding: name[..<count], as: UTF8.self) == file.string else { continue }
            inherited.append(dup(descriptor))
        }
        defer { for descriptor in inherited { _ = close(descriptor) } }
        #expect(!inherited.isEmpty)
        _ = first
        first = nil
        #expect(throws: Never.self) { try NORFlash(file: file, size: 1 << 16) }
    }

    @Test("What cannot be a flash file is refused with its code")
    func refuses() throws {
        let folder = try ScratchFolder()
        let long = try folder.write([UInt8](repeating: 0, count: 0x10001), as: "long.bin")
        for (path, code) in [
            (long, "usage"), (folder.path, "file-not-found"), (folder.path.appending("no/flash.bin"), "file-not-found"),
        ] {
            let error = #expect(throws: VirtualBoardError.self) { try NORFlash(file: path, size: 0x10000) }
            #expect(error?.code == code, "\(path)")
        }
        #expect(try Peers.contents(of: long).count == 0x10001, "a refused file is left alone")
    }
}
