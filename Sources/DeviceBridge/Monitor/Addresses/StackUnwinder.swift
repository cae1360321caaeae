// Finds the callers of a RISC-V panic, whose dump has registers and a piece of the stack but no backtrace: step by step
// with the compiler's call frame tables, else with what the function's first instructions do to the stack. It ends
// where the stack that was printed does. Source: RISC-V ELF psABI (register numbers, what calls preserve); RISC-V ISA
// manual, RV32I and the C extension (encodings).

/// Goes from frame to frame.
struct StackUnwinder {
    /// Why there are no more frames.
    enum End: Equatable {
        /// The outermost function was reached.
        case complete
        /// Nothing tells how the function at hand was called, or the stack that was printed is too short.
        case unknown
    }

    private let table: CallFrameTable
    private let memory: [UInt32: UInt32]
    /// The function an address lies in, from its beginning up to the address.
    private let codeBefore: (UInt32) -> ArraySlice<UInt8>?
    private let isCode: (UInt32) -> Bool
    private static let mostFrames = 64

    init(
        table: CallFrameTable, stack: [PanicReport.StackWord], isCode: @escaping (UInt32) -> Bool,
        codeBefore: @escaping (UInt32) -> ArraySlice<UInt8>?
    ) {
        self.table = table
        self.isCode = isCode
        self.codeBefore = codeBefore
        memory = Dictionary(stack.map { ($0.address, $0.value) }) { first, _ in first }
    }

    /// Where each caller goes on, innermost first, the stack pointer of the last frame, and why it is the last.
    func callers(of report: PanicReport) -> (returns: [UInt32], stackPointer: UInt32, end: End) {
        var registers = Self.registers(of: report)
        guard var pc = report.pc, var stackPointer = registers[2] else { return ([], 0, .unknown) }
        var returns: [UInt32] = []
        while returns.count < Self.mostFrames {
            // A return address may lie behind a function that ends with a call: the call is before it.
            let place = returns.isEmpty ? pc : pc &- 1
            guard let row = row(at: place, isInnermost: returns.isEmpty) else {
                return (returns, stackPointer, .unknown)
            }
            guard let base = row.base, let start = registers[base] else { return (returns, stackPointer, .unknown) }
            let frame = start &+ UInt32(bitPattern: row.offset)
            let rule = row.saved[row.returnAddress]
            if rule == .lost || rule == .kept && !returns.isEmpty { return (returns, stackPointer, .complete) }
            let caller = registers.indices.map { value(of: $0, row.saved[$0], frame, registers) }
            guard let next = caller[row.returnAddress] else { return (returns, stackPointer, .unknown) }
            // Zero is what the first function of a task is called from.
            if next == 0 { return (returns, frame, .complete) }
            if next == pc, frame == stackPointer { return (returns, frame, .unknown) }
            registers = caller
            registers[2] = frame
            (pc, stackPointer) = (next, frame)
            returns.append(next)
            if !isCode(next) { return (returns, stackPointer, .unknown) }
        }
        return (returns, stackPointer, .unknown)
    }

    private func value(
        of register: Int, _ rule: SavedRegister, _ frame: UInt32, _ registers: [UInt32?]
    ) -> UInt32? {
        switch rule {
        case .kept: registers[register]
        case .lost: nil
        case .memory(let offset): memory[frame &+ UInt32(bitPattern: offset)]
        case .address(let offset): frame &+ UInt32(bitPattern: offset)
        case .register(let other): registers.indices.contains(other) ? registers[other] : nil
        }
    }

    private func row(at place: UInt32, isInnermost: Bool) -> CallFrameRow? {
        if let row = table.row(at: place) { return row }
        if let code = codeBefore(place) { return Self.opening(of: code) }
        // A jump to where no code is: the caller's registers are as they were.
        return isInnermost ? CallFrameRow(registers: CallFrameTable.registers) : nil
    }

    /// What a function has done to its stack by the end of this code, as far as it makes room and keeps registers there.
    static func opening(of code: ArraySlice<UInt8>) -> CallFrameRow {
        var row = CallFrameRow(registers: CallFrameTable.registers)
        var at = code.startIndex
        while at + 1 < code.endIndex {
            let short = UInt32(code[at]) | UInt32(code[at + 1]) << 8
            let isLong = short & 3 == 3
            guard !isLong || at + 3 < code.endIndex else { break }
            let word = isLong ? short | UInt32(code[at + 2]) << 16 | UInt32(code[at + 3]) << 24 : short
            switch isLong ? long(word) : compressed(word) {
            case .other: break
            // An early return gives the room back; what follows it has it still.
            case .moveStack(let by) where by >= 0: return row
            case .moveStack(let by): row.offset &-= by
            case .save(let register, let offset) where row.saved[register] == .kept:
                row.saved[register] = .memory(offset &- row.offset)
            case .save: break
            }
            at += isLong ? 4 : 2
        }
        return row
    }

    private enum Step {
        case other
        case moveStack(Int32)
        case save(register: Int, offset: Int32)
    }

    private static func long(_ word: UInt32) -> Step {
        let destination = word >> 7 & 31, first = word >> 15 & 31
        switch word & 0x707F {
        // ADDI sp, sp, n
        case 0x0013 where destination == 2 && first == 2: return .moveStack(Int32(bitPattern: word) >> 20)
        // SW r, n(sp)
        case 0x2023 where first == 2:
            let offset = (Int32(bitPattern: word) >> 25) << 5 | Int32(destination)
            return .save(register: Int(word >> 20 & 31), offset: offset)
        case _: return .other
        }
    }

    private static func compressed(_ word: UInt32) -> Step {
        let register = word >> 7 & 31
        let sign: Int32 = word >> 12 & 1 == 1 ? -1 : 0
        switch word & 0xE003 {
        // C.ADDI sp, n
        case 0x0001 where register == 2: return .moveStack(sign << 5 | Int32(word >> 2 & 31))
        // C.ADDI16SP
        case 0x6001 where register == 2:
            let low = word >> 6 & 1, middle = word >> 2 & 1, high = word >> 3 & 3, top = word >> 5 & 1
            return .moveStack(sign << 9 | Int32(high << 7 | top << 6 | middle << 5 | low << 4))
        // C.SWSP
        case 0xC002:
            return .save(register: Int(word >> 2 & 31), offset: Int32(word >> 7 & 3) << 6 | Int32(word >> 9 & 15) << 2)
        case _: return .other
        }
    }

    /// The registers by their numbers.
    private static func registers(of report: PanicReport) -> [UInt32?] {
        let names = [
            "RA", "SP", "GP", "TP", "T0", "T1", "T2", "S0/FP", "S1", "A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7",
            "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "T3", "T4", "T5", "T6",
        ]
        return [0] + names.map { report.register($0) }
    }
}
