// Puts instructions at addresses: labels, branches to them, and literal pools for L32R. It knows no relaxation; a branch
// that does not reach is a mistake of the test and stops it.

/// A place in the code, known now or later.
struct Label: Hashable {
    fileprivate let number: Int
}

/// A branch, jump, call or loop whose target is a label.
struct ControlTransfer {
    /// Where the distance goes in the word.
    enum Field {
        /// Eight bits from the address behind the instruction plus one: conditional branches.
        case branch8
        /// Twelve bits: comparisons with zero.
        case branch12
        /// Eighteen bits in bytes: J.
        case jump18
        /// Eighteen bits in words from an aligned address: CALL0 to CALL12.
        case call18
        /// Eight bits, forwards only: the loops' end.
        case loop8
        /// Six bits, forwards only: BEQZ.N and BNEZ.N.
        case narrow6
    }

    var instruction: Instruction
    var field: Field
}

extension ControlTransfer {
    static let registerBranchNames = [
        "bnone", "beq", "blt", "bltu", "ball", "bbc", "", "", "bany", "bne", "bge", "bgeu", "bnall", "bbs",
    ]

    /// Compares two registers.
    static func branch(_ name: String, _ s: Int, _ t: Int) -> ControlTransfer {
        guard let r = registerBranchNames.firstIndex(of: name) else { preconditionFailure(name) }
        return ControlTransfer(
            instruction: Instruction(rri8: "\(name) a\(s), a\(t)", op0: 7, r: r, s: s, t: t, immediate: 0),
            field: .branch8)
    }

    /// BBCI, BBSI: tests a bit, 0 to 31.
    static func bitBranch(isSet: Bool, _ s: Int, _ bit: Int) -> ControlTransfer {
        let r = (isSet ? 14 : 6) | bit >> 4
        return ControlTransfer(
            instruction: Instruction(
                rri8: "\(isSet ? "bbsi" : "bbci") a\(s), \(bit)", op0: 7, r: r, s: s, t: bit, immediate: 0),
            field: .branch8)
    }

    static let zeroBranchNames = ["beqz", "bnez", "bltz", "bgez"]

    static func zeroBranch(_ name: String, _ s: Int) -> ControlTransfer {
        guard let m = zeroBranchNames.firstIndex(of: name) else { preconditionFailure(name) }
        return ControlTransfer(
            instruction: Instruction(bits: UInt32(0x16 | m << 6 | s << 8), "\(name) a\(s)"), field: .branch12)
    }

    static let signedConstants = [-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256]
    static let unsignedConstants = [32768, 65536, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256]
    static let constantBranchNames = ["beqi", "bnei", "blti", "bgei", "bltui", "bgeui"]

    /// Compares with a constant of the ISA's tables, by its place there.
    static func constantBranch(_ name: String, _ s: Int, constant index: Int) -> ControlTransfer {
        guard let m = constantBranchNames.firstIndex(of: name) else { preconditionFailure(name) }
        let low = m < 4 ? 0x26 | m << 6 : 0x36 | (m - 2) << 6
        let constant = m < 4 ? signedConstants[index] : unsignedConstants[index]
        return ControlTransfer(
            instruction: Instruction(bits: UInt32(low | s << 8 | index << 12), "\(name) a\(s), \(constant)"),
            field: .branch8)
    }

    /// BF, BT.
    static func booleanBranch(isTrue: Bool, _ s: Int) -> ControlTransfer {
        ControlTransfer(
            instruction: Instruction(
                bits: UInt32(0x76 | s << 8 | (isTrue ? 1 : 0) << 12), "\(isTrue ? "bt" : "bf") b\(s)"),
            field: .branch8)
    }

    static let loopNames = ["loop", "loopnez", "loopgtz"]

    static func loop(_ name: String, _ s: Int) -> ControlTransfer {
        guard let index = loopNames.firstIndex(of: name) else { preconditionFailure(name) }
        return ControlTransfer(
            instruction: Instruction(bits: UInt32(0x76 | s << 8 | (8 + index) << 12), "\(name) a\(s)"), field: .loop8)
    }

    /// BEQZ.N, BNEZ.N.
    static func narrowBranch(isZero: Bool, _ s: Int) -> ControlTransfer {
        ControlTransfer(
            instruction: Instruction(
                narrow: "\(isZero ? "beqz.n" : "bnez.n") a\(s)", op0: 12, r: 0, s: s, t: isZero ? 8 : 12),
            field: .narrow6)
    }

    static let jump = ControlTransfer(instruction: Instruction(bits: 0x06, "j"), field: .jump18)

    /// CALL0, CALL4, CALL8, CALL12 by how many registers the window turns.
    static func call(_ turn: Int = 0) -> ControlTransfer {
        ControlTransfer(instruction: Instruction(bits: UInt32(0x05 | (turn / 4) << 4), "call\(turn)"), field: .call18)
    }
}

/// Code and data that grow from an address upwards.
struct Assembler {
    /// The first byte's address, a multiple of four.
    let origin: UInt32
    private(set) var bytes: [UInt8] = []
    /// What stands where, as a disassembler writes it; behind a semicolon what only we know.
    private(set) var listing: [(address: UInt32, text: String)] = []
    private var labels: [UInt32?] = []
    private var pending: [(transfer: ControlTransfer, line: Int, label: Label)] = []
    private var pool: (next: UInt32, end: UInt32)?

    init(origin: UInt32) {
        precondition(origin & 3 == 0)
        self.origin = origin
    }

    /// The address of the next byte.
    var here: UInt32 { origin + UInt32(bytes.count) }

    mutating func emit(_ instruction: Instruction) {
        listing.append((here, instruction.text))
        bytes += instruction.bytes
    }

    mutating func emit(_ instructions: [Instruction]) {
        for instruction in instructions { emit(instruction) }
    }

    mutating func emit(_ transfer: ControlTransfer, to label: Label) {
        pending.append((transfer, listing.count, label))
        listing.append((here, transfer.instruction.text))
        bytes += transfer.instruction.bytes
    }

    mutating func word(_ value: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func append(_ data: [UInt8]) { bytes += data }

    /// Zero bytes up to a multiple of `alignment`: never executed code, or data.
    mutating func align(_ alignment: UInt32) {
        while here % alignment != 0 { bytes.append(0) }
    }

    mutating func pad(to address: UInt32) {
        precondition(address >= here, "code too long")
        bytes += [UInt8](repeating: 0, count: Int(address - here))
    }

    mutating func label() -> Label {
        labels.append(nil)
        return Label(number: labels.count - 1)
    }

    /// The label is here.
    mutating func place(_ label: Label) {
        precondition(labels[label.number] == nil, "label placed twice")
        labels[label.number] = here
    }

    /// Room here for the literals of the code that follows.
    mutating func startPool(words: Int) {
        align(4)
        pool = (here, here + UInt32(words) * 4)
        bytes += [UInt8](repeating: 0, count: words * 4)
    }

    /// The same in the middle of code.
    mutating func startPoolBehindJump(words: Int) {
        let next = label()
        emit(.jump, to: next)
        startPool(words: words)
        place(next)
    }

    /// L32R of a literal that goes into the pool.
    mutating func load(_ register: Int, _ value: UInt32) {
        guard let pool, pool.next < pool.end else { preconditionFailure("the literal pool is full") }
        let place = Int(pool.next - origin)
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
        load(register, literalAt: pool.next, note: " ; \(hexWord(value))")
        self.pool = (pool.next + 4, pool.end)
    }

    /// L32R of the word at an address behind, at most 256 KB away.
    mutating func load(_ register: Int, literalAt address: UInt32, note: String = "") {
        // The offset counts words back from the aligned address behind the instruction (ISA, L32R).
        let distance = Int64(address) - Int64((here + 3) & ~3)
        precondition(distance < 0 && distance >= -262_144 && address & 3 == 0, "a literal out of reach")
        let field = UInt32(truncatingIfNeeded: distance >> 2) & 0xFFFF
        let text = "l32r a\(register), 0x\(String(address, radix: 16))\(note)"
        emit(Instruction(bits: 1 | UInt32(register) << 4 | field << 8, text))
    }

    /// Fills in the distances; every label must have its place by now.
    mutating func resolve() {
        for (transfer, line, label) in pending {
            guard let target = labels[label.number] else { preconditionFailure("label without a place") }
            let at = listing[line].address
            let separator = transfer.instruction.text.contains(" ") ? ", " : " "
            listing[line].text += "\(separator)0x\(String(target, radix: 16))"
            var instruction = transfer.instruction
            instruction.bits |= Self.distance(transfer.field, from: at, to: target)
            bytes.replaceSubrange(
                Int(at - origin)..<Int(at - origin) + instruction.length, with: instruction.bytes)
        }
        pending = []
    }

    /// A jump to the next instruction. qemu 7.2 holds BR and each boolean (and m0 to m3 twice) in variables of their own
    /// that share one place in memory, and a translation block mixes up old and new ones; after whatever writes one of them
    /// the block must end.
    mutating func endTranslationBlock() {
        let next = label()
        emit(.jump, to: next)
        place(next)
    }

    /// Where a label went.
    func address(of label: Label) -> UInt32? { labels[label.number] }

    private static func distance(_ field: ControlTransfer.Field, from: UInt32, to: UInt32) -> UInt32 {
        let bytes = Int64(to) - Int64(from) - 4
        func bits(_ count: UInt32, at shift: UInt32, isSigned: Bool, _ value: Int64) -> UInt32 {
            let limit = Int64(1) << Int64(isSigned ? count - 1 : count)
            precondition(value < limit && value >= (isSigned ? -limit : 0), "a branch does not reach")
            return (UInt32(truncatingIfNeeded: value) & ((1 << count) - 1)) << shift
        }
        switch field {
        case .branch8: return bits(8, at: 16, isSigned: true, bytes)
        case .branch12: return bits(12, at: 12, isSigned: true, bytes)
        case .jump18: return bits(18, at: 6, isSigned: true, bytes)
        case .loop8: return bits(8, at: 16, isSigned: false, bytes)
        case .call18:
            precondition(to & 3 == 0, "a call to an unaligned address")
            return bits(18, at: 6, isSigned: true, (Int64(to) - Int64(from & ~3) - 4) >> 2)
        case .narrow6:
            let value = bits(6, at: 0, isSigned: false, bytes)
            return (value & 15) << 12 | (value >> 4) << 4
        }
    }
}

/// Eight hexadecimal digits.
func hexWord(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: false)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}
