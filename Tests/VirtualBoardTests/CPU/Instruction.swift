// Instructions of the Xtensa core as words in memory: the formats of the ISA reference (chapter "Instruction Formats and
// Opcodes"), written a second time so that a misreading of a field in the processor shows. Branches and calls take the
// distance between addresses here; labels are the assembler's. MAC16, windows and floats are in their own files.

/// One instruction: 16 or 24 bits, and its text for reports.
struct Instruction: Equatable {
    var bits: UInt32
    /// Bytes in memory, 2 or 3.
    var length: Int
    var text: String

    /// A 24-bit instruction of the formats with three registers.
    init(rrr text: String, op2: Int, op1: Int, op0: Int = 0, r: Int, s: Int, t: Int) {
        bits = Self.fields([(op0, 0), (t, 4), (s, 8), (r, 12), (op1, 16), (op2, 20)])
        length = 3
        self.text = text
    }

    /// A 24-bit instruction with an immediate of eight bits.
    init(rri8 text: String, op0: Int, r: Int, s: Int, t: Int, immediate: Int) {
        bits = Self.fields([(op0, 0), (t, 4), (s, 8), (r, 12)]) | UInt32(immediate & 0xFF) << 16
        length = 3
        self.text = text
    }

    /// A 16-bit instruction of the density option.
    init(narrow text: String, op0: Int, r: Int, s: Int, t: Int) {
        bits = Self.fields([(op0, 0), (t, 4), (s, 8), (r, 12)])
        length = 2
        self.text = text
    }

    /// A 24-bit instruction given by its bits.
    init(bits: UInt32, _ text: String) {
        self.bits = bits
        length = 3
        self.text = text
    }

    /// Little endian, as it lies in memory.
    var bytes: [UInt8] { (0..<length).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) } }

    private static func fields(_ fields: [(value: Int, shift: UInt32)]) -> UInt32 {
        var bits: UInt32 = 0
        for field in fields { bits |= UInt32(field.value & 15) << field.shift }
        return bits
    }
}

// Arithmetic, shifts and moves.
extension Instruction {
    /// Two sources and a result: `name ar, as, at`.
    static let threeRegisterNames: [String: (op2: Int, op1: Int)] = [
        "and": (1, 0), "or": (2, 0), "xor": (3, 0), "add": (8, 0), "addx2": (9, 0), "addx4": (10, 0), "addx8": (11, 0),
        "sub": (12, 0), "subx2": (13, 0), "subx4": (14, 0), "subx8": (15, 0), "src": (8, 1), "mul16u": (12, 1),
        "mul16s": (13, 1), "mull": (8, 2), "muluh": (10, 2), "mulsh": (11, 2), "quou": (12, 2), "quos": (13, 2),
        "remu": (14, 2), "rems": (15, 2), "min": (4, 3), "max": (5, 3), "minu": (6, 3), "maxu": (7, 3),
        "moveqz": (8, 3), "movnez": (9, 3), "movltz": (10, 3), "movgez": (11, 3),
    ]

    static func three(_ name: String, _ r: Int, _ s: Int, _ t: Int) -> Instruction {
        guard let code = threeRegisterNames[name] else { preconditionFailure(name) }
        return Instruction(rrr: "\(name) a\(r), a\(s), a\(t)", op2: code.op2, op1: code.op1, r: r, s: s, t: t)
    }

    /// `abs`, `neg`, `srl`, `sra` (from at), `sll` (from as), `nsa`, `nsau` (to at, from as).
    static func two(_ name: String, _ to: Int, _ from: Int) -> Instruction {
        let text = "\(name) a\(to), a\(from)"
        return switch name {
        case "neg": Instruction(rrr: text, op2: 6, op1: 0, r: to, s: 0, t: from)
        case "abs": Instruction(rrr: text, op2: 6, op1: 0, r: to, s: 1, t: from)
        case "srl": Instruction(rrr: text, op2: 9, op1: 1, r: to, s: 0, t: from)
        case "sll": Instruction(rrr: text, op2: 10, op1: 1, r: to, s: from, t: 0)
        case "sra": Instruction(rrr: text, op2: 11, op1: 1, r: to, s: 0, t: from)
        case "nsa": Instruction(rrr: text, op2: 4, op1: 0, r: 14, s: from, t: to)
        case "nsau": Instruction(rrr: text, op2: 4, op1: 0, r: 15, s: from, t: to)
        default: preconditionFailure(name)
        }
    }

    static let shiftAmountNames = ["ssr", "ssl", "ssa8l", "ssa8b"]

    /// Sets SAR from a register.
    static func shiftAmount(_ name: String, _ s: Int) -> Instruction {
        guard let r = shiftAmountNames.firstIndex(of: name) else { preconditionFailure(name) }
        return Instruction(rrr: "\(name) a\(s)", op2: 4, op1: 0, r: r, s: s, t: 0)
    }

    static func ssai(_ amount: Int) -> Instruction {
        precondition(0...31 ~= amount, "out of range")
        return Instruction(rrr: "ssai \(amount)", op2: 4, op1: 0, r: 4, s: amount & 15, t: amount >> 4)
    }

    /// 1 to 31.
    static func slli(_ r: Int, _ s: Int, _ amount: Int) -> Instruction {
        precondition(1...31 ~= amount, "out of range")
        let code = 32 - amount
        return Instruction(rrr: "slli a\(r), a\(s), \(amount)", op2: code >> 4, op1: 1, r: r, s: s, t: code)
    }

    /// 0 to 31.
    static func srai(_ r: Int, _ t: Int, _ amount: Int) -> Instruction {
        precondition(0...31 ~= amount, "out of range")
        return Instruction(rrr: "srai a\(r), a\(t), \(amount)", op2: 2 | amount >> 4, op1: 1, r: r, s: amount, t: t)
    }

    /// 0 to 15.
    static func srli(_ r: Int, _ t: Int, _ amount: Int) -> Instruction {
        precondition(0...15 ~= amount, "out of range")
        return Instruction(rrr: "srli a\(r), a\(t), \(amount)", op2: 4, op1: 1, r: r, s: amount, t: t)
    }

    /// A shift of 0 to 31 and 1 to 16 bits.
    static func extui(_ r: Int, _ t: Int, _ shift: Int, _ width: Int) -> Instruction {
        precondition(0...31 ~= shift && 1...16 ~= width, "out of range")
        return Instruction(
            rrr: "extui a\(r), a\(t), \(shift), \(width)", op2: width - 1, op1: 4 | shift >> 4, r: r, s: shift, t: t)
    }

    /// The sign in bit 7 to 22.
    static func sext(_ r: Int, _ s: Int, _ bit: Int) -> Instruction {
        precondition(7...22 ~= bit, "out of range")
        return Instruction(rrr: "sext a\(r), a\(s), \(bit)", op2: 2, op1: 3, r: r, s: s, t: bit - 7)
    }

    /// To bit + 1 bits, bit 7 to 22.
    static func clamps(_ r: Int, _ s: Int, _ bit: Int) -> Instruction {
        precondition(7...22 ~= bit, "out of range")
        return Instruction(rrr: "clamps a\(r), a\(s), \(bit)", op2: 3, op1: 3, r: r, s: s, t: bit - 7)
    }

    /// -128 to 127.
    static func addi(_ t: Int, _ s: Int, _ value: Int) -> Instruction {
        precondition(-128...127 ~= value, "out of range")
        return Instruction(rri8: "addi a\(t), a\(s), \(value)", op0: 2, r: 12, s: s, t: t, immediate: value)
    }

    /// A multiple of 256, -32768 to 32512.
    static func addmi(_ t: Int, _ s: Int, _ value: Int) -> Instruction {
        precondition(value % 256 == 0 && -32768...32512 ~= value, "out of range")
        return Instruction(rri8: "addmi a\(t), a\(s), \(value)", op0: 2, r: 13, s: s, t: t, immediate: value >> 8)
    }

    /// -2048 to 2047.
    static func movi(_ t: Int, _ value: Int) -> Instruction {
        precondition(-2048...2047 ~= value, "out of range")
        return Instruction(rri8: "movi a\(t), \(value)", op0: 2, r: 10, s: value >> 8, t: t, immediate: value)
    }

    static func addN(_ r: Int, _ s: Int, _ t: Int) -> Instruction {
        Instruction(narrow: "add.n a\(r), a\(s), a\(t)", op0: 10, r: r, s: s, t: t)
    }

    /// -1, or 1 to 15.
    static func addiN(_ r: Int, _ s: Int, _ value: Int) -> Instruction {
        precondition(value == -1 || 1...15 ~= value, "out of range")
        return Instruction(narrow: "addi.n a\(r), a\(s), \(value)", op0: 11, r: r, s: s, t: value < 0 ? 0 : value)
    }

    static func movN(_ t: Int, _ s: Int) -> Instruction {
        Instruction(narrow: "mov.n a\(t), a\(s)", op0: 13, r: 0, s: s, t: t)
    }

    /// -32 to 95.
    static func moviN(_ s: Int, _ value: Int) -> Instruction {
        precondition(-32...95 ~= value, "out of range")
        let low = value & 0x7F
        return Instruction(narrow: "movi.n a\(s), \(value)", op0: 12, r: low & 15, s: s, t: low >> 4)
    }
}

// Booleans, special registers, and what has no operands.
extension Instruction {
    static let booleanNames = ["andb", "andbc", "orb", "orbc", "xorb"]

    static func boolean(_ name: String, _ r: Int, _ s: Int, _ t: Int) -> Instruction {
        guard let op2 = booleanNames.firstIndex(of: name) else { preconditionFailure(name) }
        return Instruction(rrr: "\(name) b\(r), b\(s), b\(t)", op2: op2, op1: 2, r: r, s: s, t: t)
    }

    static let booleanGroupNames = ["any4", "all4", "any8", "all8"]

    /// From the group of booleans that starts at `s`.
    static func booleanGroup(_ name: String, _ t: Int, _ s: Int) -> Instruction {
        guard let index = booleanGroupNames.firstIndex(of: name) else { preconditionFailure(name) }
        return Instruction(rrr: "\(name) b\(t), b\(s)", op2: 0, op1: 0, r: 8 + index, s: s, t: t)
    }

    /// MOVF, MOVT.
    static func moveOnBoolean(_ isTrue: Bool, _ r: Int, _ s: Int, _ t: Int) -> Instruction {
        Instruction(
            rrr: "\(isTrue ? "movt" : "movf") a\(r), a\(s), b\(t)", op2: isTrue ? 13 : 12, op1: 3, r: r, s: s, t: t)
    }

    static func rsr(_ register: SpecialRegister, _ t: Int) -> Instruction {
        let number = register.rawValue
        return Instruction(rrr: "rsr.\(register) a\(t)", op2: 0, op1: 3, r: number >> 4, s: number, t: t)
    }

    static func wsr(_ register: SpecialRegister, _ t: Int) -> Instruction {
        let number = register.rawValue
        return Instruction(rrr: "wsr.\(register) a\(t)", op2: 1, op1: 3, r: number >> 4, s: number, t: t)
    }

    static func xsr(_ register: SpecialRegister, _ t: Int) -> Instruction {
        let number = register.rawValue
        return Instruction(rrr: "xsr.\(register) a\(t)", op2: 6, op1: 1, r: number >> 4, s: number, t: t)
    }

    static func rur(_ register: UserRegister, _ r: Int) -> Instruction {
        let number = register.rawValue
        return Instruction(rrr: "rur.\(register) a\(r)", op2: 14, op1: 3, r: r, s: number >> 4, t: number)
    }

    static func wur(_ register: UserRegister, _ t: Int) -> Instruction {
        let number = register.rawValue
        return Instruction(rrr: "wur.\(register) a\(t)", op2: 15, op1: 3, r: number >> 4, s: number, t: t)
    }

    /// The new level, 0 to 15.
    static func rsil(_ t: Int, _ level: Int) -> Instruction {
        Instruction(rrr: "rsil a\(t), \(level)", op2: 0, op1: 0, r: 6, s: level, t: t)
    }

    static let isync = Instruction(rrr: "isync", op2: 0, op1: 0, r: 2, s: 0, t: 0)
    static let rsync = Instruction(rrr: "rsync", op2: 0, op1: 0, r: 2, s: 0, t: 1)
    static let esync = Instruction(rrr: "esync", op2: 0, op1: 0, r: 2, s: 0, t: 2)
    static let dsync = Instruction(rrr: "dsync", op2: 0, op1: 0, r: 2, s: 0, t: 3)
    static let excw = Instruction(rrr: "excw", op2: 0, op1: 0, r: 2, s: 0, t: 8)
    static let memw = Instruction(rrr: "memw", op2: 0, op1: 0, r: 2, s: 0, t: 12)
    static let extw = Instruction(rrr: "extw", op2: 0, op1: 0, r: 2, s: 0, t: 13)
    static let nop = Instruction(rrr: "nop", op2: 0, op1: 0, r: 2, s: 0, t: 15)
    static let nopN = Instruction(narrow: "nop.n", op0: 13, r: 15, s: 0, t: 3)
    static let rfe = Instruction(rrr: "rfe", op2: 0, op1: 0, r: 3, s: 0, t: 0)
    static let ill = Instruction(rrr: "ill", op2: 0, op1: 0, r: 0, s: 0, t: 0)
    static let illN = Instruction(narrow: "ill.n", op0: 13, r: 15, s: 0, t: 6)
    static let syscall = Instruction(rrr: "syscall", op2: 0, op1: 0, r: 5, s: 0, t: 0)
    static let simcall = Instruction(rrr: "simcall", op2: 0, op1: 0, r: 5, s: 1, t: 0)
    static let ret = Instruction(rrr: "ret", op2: 0, op1: 0, r: 0, s: 0, t: 8)
    static let retN = Instruction(narrow: "ret.n", op0: 13, r: 15, s: 0, t: 0)

    static func jx(_ s: Int) -> Instruction { Instruction(rrr: "jx a\(s)", op2: 0, op1: 0, r: 0, s: s, t: 10) }
    static func callx0(_ s: Int) -> Instruction { Instruction(rrr: "callx0 a\(s)", op2: 0, op1: 0, r: 0, s: s, t: 12) }
}

// Loads and stores.
extension Instruction {
    /// Code, and bytes of an access.
    static let memoryNames: [String: (r: Int, width: Int)] = [
        "l8ui": (0, 1), "l16ui": (1, 2), "l32i": (2, 4), "s8i": (4, 1), "s16i": (5, 2), "s32i": (6, 4), "l16si": (9, 2),
        "l32ai": (11, 4), "s32ri": (15, 4), "s32c1i": (14, 4),
    ]

    /// `offset` in bytes, 0 to 255 times the width.
    static func memory(_ name: String, _ t: Int, _ s: Int, _ offset: Int) -> Instruction {
        guard let code = memoryNames[name] else { preconditionFailure(name) }
        precondition(offset % code.width == 0 && 0...255 ~= offset / code.width, "out of range")
        return Instruction(
            rri8: "\(name) a\(t), a\(s), \(offset)", op0: 2, r: code.r, s: s, t: t, immediate: offset / code.width)
    }

    static func l32i(_ t: Int, _ s: Int, _ offset: Int) -> Instruction { memory("l32i", t, s, offset) }
    static func s32i(_ t: Int, _ s: Int, _ offset: Int) -> Instruction { memory("s32i", t, s, offset) }

    /// `offset` 0 to 60.
    static func l32iN(_ t: Int, _ s: Int, _ offset: Int) -> Instruction {
        precondition(offset % 4 == 0 && 0...60 ~= offset, "out of range")
        return Instruction(narrow: "l32i.n a\(t), a\(s), \(offset)", op0: 8, r: offset >> 2, s: s, t: t)
    }

    static func s32iN(_ t: Int, _ s: Int, _ offset: Int) -> Instruction {
        precondition(offset % 4 == 0 && 0...60 ~= offset, "out of range")
        return Instruction(narrow: "s32i.n a\(t), a\(s), \(offset)", op0: 9, r: offset >> 2, s: s, t: t)
    }
}

/// Special registers by the numbers that RSR, WSR and XSR use; the names are the assembler's.
enum SpecialRegister: Int {
    case lbeg = 0
    case lend = 1
    case lcount = 2
    case sar = 3
    case br = 4
    case scompare1 = 12
    case acclo = 16
    case acchi = 17
    case m0 = 32
    case m1 = 33
    case m2 = 34
    case m3 = 35
    case windowbase = 72
    case windowstart = 73
    case atomctl = 99
    case epc1 = 177
    case excsave1 = 209
    case excsave2 = 210
    case excsave3 = 211
    case excsave4 = 212
    case cpenable = 224
    case intenable = 228
    case ps = 230
    case vecbase = 231
    case exccause = 232
    case misc0 = 244
    case misc1 = 245
}

/// User registers, as RUR and WUR number them.
enum UserRegister: Int {
    case threadptr = 231
    case fcr = 232
    case fsr = 233
}
