// Decoded code never outlives the bytes it was made of, whoever changes them and by whatever address.

import Testing
import VirtualBoard

@Suite("Changed code")
struct StaleCodeTests {
    private let one = TestProcessor(isDecoding: true)
    private var code: UInt32 { TestProcessor.code }

    /// Runs from `address` until the J to itself that ends each program here.
    private func run(_ cpu: XtensaCPU, from address: UInt32, cycles: UInt64 = 100) {
        cpu.pc = address
        _ = cpu.run(until: cpu.cycle + cycles)
    }

    private func stay(at pc: UInt32) -> UInt32 { Op.j(from: pc, to: pc) }

    @Test("A store into the code ahead takes effect there", arguments: [0, 1, 2, 5, 40])
    func ahead(distance: Int) {
        // Behind S32I and `distance` narrow pairs, at a word's start, `movi a4, 1` becomes `movi a4, 2`.
        let fillers = [UInt32](repeating: 0x551B, count: distance * 2)
        let start = code + 0x101
        let place = start + 3 + UInt32(distance) * 4
        let end = one.put([Op.s32i(3, 2, 0)] + fillers + [Op.movi(4, 1), Op.addi(4, 4, 10)], at: start)
        one.put([stay(at: end)], at: end)
        let old = one.memory.readWord(place, at: 0) ?? 0
        one.cpu[2] = place
        for value in [1, 2, 1, 7] {
            one.cpu[3] = old & 0xFF00_0000 | Op.movi(4, value)
            run(one.cpu, from: start)
            #expect(one.cpu[4] == UInt32(value + 10))
        }
    }

    @Test("Code that the board loads over code that ran is what runs next")
    func loadedOver() {
        for value in 1...5 {
            let end = one.put([Op.movi(4, value), Op.addi(4, 4, 1)], at: code)
            one.put([stay(at: end)], at: end)
            run(one.cpu, from: code)
            #expect(one.cpu[4] == UInt32(value + 1))
        }
    }

    @Test("A literal that was folded into its instruction is loaded anew after a store to it")
    func literal() {
        let start = code + 0x100
        let end = one.put([Op.l32r(2, words: -1), Op.nop], at: start)
        one.put([stay(at: end)], at: end)
        let place = ((start + 3) & ~3) - 4
        for value: UInt32 in [7, 0xDEAD_BEEF, 0] {
            one.cpu[3] = value
            one.cpu[5] = place
            // The store is the processor's own.
            let storing = one.put([Op.s32i(3, 5, 0)], at: code)
            one.put([stay(at: storing)], at: storing)
            run(one.cpu, from: code)
            run(one.cpu, from: start)
            #expect(one.cpu[2] == value)
        }
    }

    @Test("Code in SRAM1, which instructions see in reverse order, changes with a store by its data address")
    func reversedAlias() {
        let memory = MemoryMap()
        memory.addRAM(0x3FFE_0000..<0x4000_0000, access: .data)
        memory.aliasReversed(0x400A_0000..<0x400C_0000, of: 0x3FFE_0000)
        memory.addRAM(0x4008_0000..<0x4008_1000, access: .instruction)
        let cpu = XtensaCPU(memory: memory)
        // 0x400A0000 shows the last word of SRAM1.
        let (first, second): (UInt32, UInt32) = (0x3FFF_FFFC, 0x3FFF_FFF8)
        for value in [3, 4, 5] {
            let bytes = Op.bytes([Op.movi(4, value), stay(at: 0x400A_0003)]) + [0, 0]
            let words = [0, 4].map { start in
                (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32($1 * 8) }
            }
            // Stores by the processor, from instruction RAM.
            cpu[2] = second
            cpu[3] = words[0]
            cpu[5] = words[1]
            let storing = [Op.s32i(3, 2, 4), Op.s32i(5, 2, 0), stay(at: 0x4008_0006)]
            #expect(memory.write(0x4008_0000, Op.bytes(storing)))
            run(cpu, from: 0x4008_0000, cycles: 2)
            #expect(memory.readWord(first, at: 0) == words[0])
            run(cpu, from: 0x400A_0000)
            #expect(cpu[4] == UInt32(value))
        }
    }

    @Test("A remapped page of the cache shows its code and literals at once")
    func remapped() {
        let pages = [one.flash, one.flash + 0x10000]
        for (index, page) in pages.enumerated() {
            let words = [Op.l32r(2, words: -1), Op.movi(4, index + 1), stay(at: TestProcessor.flashCode + 0x106)]
            (page + 0x100).copyMemory(from: Op.bytes(words), byteCount: 9)
            page.storeBytes(of: UInt32(100 + index), toByteOffset: 0xFC, as: UInt32.self)
        }
        for index in [0, 1, 0, 1, 1, 0] {
            one.memory.mapCachePage(at: TestProcessor.flashCode, to: pages[index])
            run(one.cpu, from: TestProcessor.flashCode + 0x100)
            #expect(one.cpu[4] == UInt32(index + 1))
            #expect(one.cpu[2] == UInt32(100 + index))
        }
        one.memory.mapCachePage(at: TestProcessor.flashCode, to: nil)
        one.setSpecial(231, code)
        run(one.cpu, from: TestProcessor.flashCode + 0x100, cycles: 1)
        #expect(one.cpu.registerState[33 + 232] == 20, "InstrFetchProhibited")
    }

    @Test("Flash that is written while the cache shows it", arguments: ["program", "erase", "flip", "stick"])
    func rewrittenFlash(how: String) throws {
        let flash = try NORFlash(size: 1 << 20)
        let chip = ESP32Chip(profile: .devKitC, flash: flash)
        chip.cache.setUpAsROM()
        let start = TestProcessor.flashCode + 0x200
        let program = [Op.movi(4, 1), stay(at: start + 3)]
        #expect(
            flash.program(0x200, Op.bytes(program)[...]))
        run(chip.cpu, from: start)
        #expect(chip.cpu[4] == 1)
        chip.cpu[4] = 9
        switch how {
        case "program":
            // MOVI's immediate: bits can only be cleared.
            #expect(flash.program(0x202, [0]))
            run(chip.cpu, from: start)
            #expect(chip.cpu[4] == 0)
        case "erase":
            #expect(flash.erase(.sector, at: 0))
            #expect(chip.memory.write(0x4008_0300, [0xC6, 0xFF, 0xFF]))
            let program = [Op.wsr(3, 231), Op.rrr(0, 0, s: 5, t: 10)]
            #expect(
                chip.memory.write(
                    0x4008_0400, program.flatMap { word in (0..<3).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
                ))
            chip.cpu[3] = 0x4008_0000
            chip.cpu[5] = start
            run(chip.cpu, from: 0x4008_0400, cycles: 3)
            #expect(chip.cpu[4] == 9)
            #expect(chip.cpu.registerState[33 + 192] == start, "0xFFFFFF is no instruction")
        case "flip":
            flash.flipBit(1, at: 0x202)
            run(chip.cpu, from: start)
            #expect(chip.cpu[4] == 3)
        case _:
            flash.stuckBits = [StuckBit(offset: 0x202, bit: 2, value: true)]
            run(chip.cpu, from: start)
            #expect(chip.cpu[4] == 5)
        }
    }

    @Test("More code than the cache holds runs through")
    func moreThanFits() {
        let memory = MemoryMap()
        let (start, size): (UInt32, UInt32) = (0x4100_0000, 0x40_0000)
        memory.addRAM(start..<start + size, access: .both)
        // ADDI.N a2, a2, 1 all over, and a J at the end.
        #expect(memory.write(start, (0..<Int(size)).map { $0 & 1 == 0 ? 0x1B : 0x22 }))
        let end = start + size - 4
        #expect(memory.write(end, Op.bytes([stay(at: end)])))
        let cpu = XtensaCPU(memory: memory)
        let count = UInt64(size - 4) / 2
        for round in 1...2 {
            cpu.pc = start
            _ = cpu.run(until: cpu.cycle + count + 10)
            #expect(cpu.pc == end)
            #expect(cpu[2] == UInt32(truncatingIfNeeded: count * UInt64(round)))
        }
    }

    @Test("LEND may go anywhere, time and again, and loops still end")
    func wanderingLoopEnd() {
        // wsr.lend a3; add a3, a3, a4; loop a5, 1 instruction; addi a6, a6, 1; bne a3, a2: back
        let words: [UInt32] = [
            Op.wsr(3, 1), Op.add(3, 3, 4), Op.loop(8, 5, body: 3), Op.addi(6, 6, 1),
            Op.branch(9, 3, 2, from: code + 12, to: code),
        ]
        let end = one.put(words, at: code)
        one.put([stay(at: end)], at: end)
        one.cpu[3] = 0x6000_0123
        one.cpu[4] = 0x1010
        one.cpu[2] = 0x6000_0123 &+ 0x1010 &* 5000
        one.cpu[5] = 3
        one.cpu[6] = 0
        run(one.cpu, from: code, cycles: 5000 * 7 + 1)
        #expect(one.cpu.pc == end)
        #expect(one.cpu[6] == 15000)
    }
}
