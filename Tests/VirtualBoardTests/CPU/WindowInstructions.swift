// The windowed-register option's instructions, and the vectors that spill and fill windows (ISA reference, "Windowed
// Procedure-Call Protocol": a frame's a0 to a3 lie below the stack pointer of the frame it called, the rest below its
// own caller's).

extension Instruction {
    /// Frame size in bytes, a multiple of eight up to 32760.
    static func entry(_ s: Int, _ size: Int) -> Instruction {
        Instruction(bits: UInt32(0x36 | s << 8 | (size / 8) << 12), "entry a\(s), \(size)")
    }

    static let retw = Instruction(rrr: "retw", op2: 0, op1: 0, r: 0, s: 0, t: 9)
    static let retwN = Instruction(narrow: "retw.n", op0: 13, r: 15, s: 0, t: 1)
    static let rfwo = Instruction(rrr: "rfwo", op2: 0, op1: 0, r: 3, s: 4, t: 0)
    static let rfwu = Instruction(rrr: "rfwu", op2: 0, op1: 0, r: 3, s: 5, t: 0)

    static func movsp(_ t: Int, _ s: Int) -> Instruction {
        Instruction(rrr: "movsp a\(t), a\(s)", op2: 0, op1: 0, r: 1, s: s, t: t)
    }

    /// -8 to 7.
    static func rotw(_ windows: Int) -> Instruction {
        Instruction(rrr: "rotw \(windows)", op2: 4, op1: 0, r: 8, s: 0, t: windows)
    }

    /// CALLX0, CALLX4, CALLX8, CALLX12.
    static func callx(_ turn: Int, _ s: Int) -> Instruction {
        Instruction(rrr: "callx\(turn) a\(s)", op2: 0, op1: 0, r: 0, s: s, t: 12 | turn / 4)
    }

    /// -64 to -4.
    static func l32e(_ t: Int, _ s: Int, _ offset: Int) -> Instruction {
        Instruction(rrr: "l32e a\(t), a\(s), \(offset)", op2: 0, op1: 9, r: (offset + 64) / 4, s: s, t: t)
    }

    static func s32e(_ t: Int, _ s: Int, _ offset: Int) -> Instruction {
        Instruction(rrr: "s32e a\(t), a\(s), \(offset)", op2: 4, op1: 9, r: (offset + 64) / 4, s: s, t: t)
    }
}

/// The six vectors from VECBASE up, 64 bytes each.
enum WindowVectors {
    /// Spills a frame that called with a turn of 4, 8 or 12 registers.
    static func overflow(_ turn: Int) -> [Instruction] {
        let base = turn + 1
        if turn == 4 { return (0..<4).map { .s32e($0, base, 4 * $0 - 16) } + [.rfwo] }
        let first: [Instruction] = [.s32e(0, base, -16), .l32e(0, 1, -12)]
        let own: [Instruction] = (1..<4).map { .s32e($0, base, 4 * $0 - 16) }
        let rest: [Instruction] = (4..<turn).map { .s32e($0, 0, 4 * ($0 - turn) - 16) }
        return first + own + rest + [.rfwo]
    }

    /// Fills a frame again; the last register of the frame holds the address until it is loaded itself.
    static func underflow(_ turn: Int) -> [Instruction] {
        let base = turn + 1
        if turn == 4 { return (0..<4).map { .l32e($0, base, 4 * $0 - 16) } + [.rfwu] }
        let own: [Instruction] = (0..<3).map { .l32e($0, base, 4 * $0 - 16) }
        let pointer: [Instruction] = [.l32e(turn - 1, 1, -12), .l32e(3, base, -4)]
        let rest: [Instruction] = (4..<turn).map { .l32e($0, turn - 1, 4 * ($0 - turn) - 16) }
        return own + pointer + rest + [.rfwu]
    }
}
