// A bare processor for tests: code RAM with vectors, data RAM, nothing else. Instructions are encoded here from the formats
// of the ISA reference, so that the tests do not lean on the decoder that they judge.

import Testing
import VirtualBoard

/// Instruction words, by the formats of the ISA reference.
enum Op {
    static func rrr(_ op2: UInt32, _ op1: UInt32, r: UInt32 = 0, s: UInt32 = 0, t: UInt32 = 0, op0: UInt32 = 0)
        -> UInt32
    {
        op2 << 20 | op1 << 16 | r << 12 | s << 8 | t << 4 | op0
    }

    static func rri8(_ r: UInt32, s: UInt32, t: UInt32, _ imm8: Int, op0: UInt32 = 2) -> UInt32 {
        (UInt32(bitPattern: Int32(imm8)) & 0xFF) << 16 | r << 12 | s << 8 | t << 4 | op0
    }

    static func movi(_ t: UInt32, _ value: Int) -> UInt32 {
        let imm = UInt32(bitPattern: Int32(value)) & 0xFFF
        return (imm & 0xFF) << 16 | 0xA000 | (imm >> 8) << 8 | t << 4 | 2
    }

    static func addi(_ t: UInt32, _ s: UInt32, _ value: Int) -> UInt32 { rri8(12, s: s, t: t, value) }
    static func add(_ r: UInt32, _ s: UInt32, _ t: UInt32) -> UInt32 { rrr(8, 0, r: r, s: s, t: t) }
    static func or(_ r: UInt32, _ s: UInt32, _ t: UInt32) -> UInt32 { rrr(2, 0, r: r, s: s, t: t) }
    static func l32i(_ t: UInt32, _ s: UInt32, _ offset: Int) -> UInt32 { rri8(2, s: s, t: t, offset / 4) }
    static func s32i(_ t: UInt32, _ s: UInt32, _ offset: Int) -> UInt32 { rri8(6, s: s, t: t, offset / 4) }
    static func l32e(_ t: UInt32, _ s: UInt32, _ offset: Int) -> UInt32 {
        rrr(0, 9, r: UInt32(offset + 64) / 4, s: s, t: t)
    }
    static func s32e(_ t: UInt32, _ s: UInt32, _ offset: Int) -> UInt32 {
        rrr(4, 9, r: UInt32(offset + 64) / 4, s: s, t: t)
    }
    static func entry(_ s: UInt32, _ frame: UInt32) -> UInt32 { (frame / 8) << 12 | s << 8 | 0x36 }
    static func call(_ increment: UInt32, from pc: UInt32, to target: UInt32) -> UInt32 {
        ((target &- (pc & ~3) &- 4) >> 2) << 6 & 0xFF_FFC0 | increment << 4 | 5
    }
    static func callx(_ increment: UInt32, _ s: UInt32) -> UInt32 { rrr(0, 0, s: s, t: 12 + increment) }
    static func j(from pc: UInt32, to target: UInt32) -> UInt32 { (target &- pc &- 4) << 6 & 0xFF_FFC0 | 6 }
    static func beqz(_ s: UInt32, from pc: UInt32, to target: UInt32) -> UInt32 {
        (target &- pc &- 4) << 12 & 0xFF_F000 | s << 8 | 0x16
    }
    static func rsr(_ t: UInt32, _ register: UInt32) -> UInt32 { 0x03_0000 | register << 8 | t << 4 }
    static func wsr(_ t: UInt32, _ register: UInt32) -> UInt32 { 0x13_0000 | register << 8 | t << 4 }
    static func xsr(_ t: UInt32, _ register: UInt32) -> UInt32 { 0x61_0000 | register << 8 | t << 4 }
    static func rur(_ r: UInt32, _ register: UInt32) -> UInt32 { rrr(14, 3, r: r, s: register >> 4, t: register & 15) }
    static func wur(_ t: UInt32, _ register: UInt32) -> UInt32 { 0xF3_0000 | register << 8 | t << 4 }
    static func movsp(_ t: UInt32, _ s: UInt32) -> UInt32 { rrr(0, 0, r: 1, s: s, t: t) }
    static func rotw(_ groups: Int) -> UInt32 { rrr(4, 0, r: 8, t: UInt32(bitPattern: Int32(groups)) & 15) }
    static let retw: UInt32 = 0x00_0090
    static let retwNarrow: UInt32 = 0xF01D
    static let ret: UInt32 = 0x00_0080
    static let nop: UInt32 = 0x00_20F0
    static let rfe: UInt32 = 0x00_3000
    static let rfwo: UInt32 = 0x00_3400
    static let rfwu: UInt32 = 0x00_3500
}

/// Special register numbers that the tests use.
enum SR {
    static let windowBase: UInt32 = 72
    static let windowStart: UInt32 = 73
    static let epc1: UInt32 = 177
    static let ps: UInt32 = 230
    static let vecbase: UInt32 = 231
    static let exccause: UInt32 = 232
}

/// The processor, and where its code and data lie.
final class CPUBench {
    static let vectors: UInt32 = 0x4008_0000
    static let code: UInt32 = 0x4008_0400
    static let data: UInt32 = 0x3FFB_0000
    static let stack: UInt32 = 0x3FFC_0000

    let memory = MemoryMap()
    let cpu: XtensaCPU

    init() {
        memory.addRAM(0x4008_0000..<0x4008_8000, access: .instruction)
        memory.addRAM(0x3FFB_0000..<0x3FFC_0000, access: .data)
        cpu = XtensaCPU(memory: memory)
        cpu.reset(to: Self.code)
        setSpecial(SR.vecbase, Self.vectors)
        for place in stride(from: Self.vectors, to: Self.code, by: 64) { put([0x00_0000], at: place) }
    }

    /// Instructions one behind the other; narrow ones take two bytes.
    @discardableResult
    func put(_ words: [UInt32], at address: UInt32) -> UInt32 {
        var place = address
        for word in words {
            let count = word & 15 >= 8 ? 2 : 3
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)) }
            #expect(memory.write(place, bytes))
            place += UInt32(count)
        }
        return place
    }

    /// Runs `count` instructions.
    func step(_ count: UInt64 = 1) { _ = cpu.run(until: cpu.cycle + count) }

    /// Runs one instruction put at the place where the code starts.
    func execute(_ word: UInt32) {
        put([word], at: Self.code)
        cpu.pc = Self.code
        step()
    }

    /// Runs until `address` is next; false after `limit` instructions.
    func run(to address: UInt32, limit: Int = 100_000) -> Bool {
        for _ in 0..<limit {
            if cpu.pc == address { return true }
            step()
        }
        return false
    }

    /// Reads a special register, by an RSR to a scratch register.
    func special(_ number: UInt32) -> UInt32 {
        let (pc, kept) = (cpu.pc, cpu[0])
        defer { (cpu.pc, cpu[0]) = (pc, kept) }
        execute(Op.rsr(0, number))
        return cpu[0]
    }

    /// Writes a special register, by a WSR from a scratch register.
    func setSpecial(_ number: UInt32, _ value: UInt32) {
        let (pc, kept) = (cpu.pc, cpu[0])
        let base = number == SR.windowBase
        defer {
            cpu.pc = pc
            if !base { cpu[0] = kept }
        }
        cpu[0] = value
        execute(Op.wsr(0, number))
    }

    func word(at address: UInt32) -> UInt32 { memory.readWord(address, at: 0) ?? 0xDEAD_BEEF }
}
