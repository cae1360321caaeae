// A panic dump as a value.

/// What the panic handler, the abort function or an assertion printed.
public struct PanicReport: Equatable, Sendable {
    /// A register and what it held.
    public struct Register: Equatable, Sendable {
        /// `PC`, `A0`, `MEPC` ...
        public var name: String
        /// Its value.
        public var value: UInt32
    }

    /// A frame of the backtrace.
    public struct Frame: Equatable, Sendable {
        /// The address of the call, as printed: the handler has already stepped back into the instruction.
        public var pc: UInt32
        /// The stack pointer.
        public var stackPointer: UInt32
    }

    /// A word of the stack as RISC-V handlers print it.
    public struct StackWord: Equatable, Sendable {
        /// Where it is.
        public var address: UInt32
        /// What it holds.
        public var value: UInt32
    }

    /// What kind of report it is.
    public enum Kind: Equatable, Sendable {
        /// An exception or a watchdog that ends in the panic handler.
        case panic
        /// `abort()` or an assertion.
        case abort
        /// A backtrace that somebody printed; the firmware went on.
        case trace
    }

    /// What kind of report it is.
    public var kind: Kind
    /// The reason as printed, `LoadProhibited`; worked out of EXCCAUSE or MCAUSE where the head of the dump is missing.
    public var cause: String?
    /// The core it happened on.
    public var core: Int?
    /// The first core's registers, in the order printed.
    public var registers: [Register] = []
    /// The frames, innermost first.
    public var backtrace: [Frame] = []
    /// Callers that our own firmware guesses from its stack, since code without windowed calls has no frame chain.
    public var guessedFrames: [Frame] = []
    /// Whether the handler said that the backtrace is damaged.
    public var backtraceIsCorrupted = false
    /// The stack of a RISC-V dump.
    public var stack: [StackWord] = []
    /// Where `abort()` was called from.
    public var abortPC: UInt32?
    /// The assertion that failed, as printed.
    public var assertion: String?
    /// The task the handler names.
    public var task: String?
    /// The head of the SHA-256 of the ELF file that runs, as printed; nil when it is all zeros.
    public var elfDigest: String?
    /// The lines that carry the program counter and the backtrace.
    public var evidence: [Diagnosis.Evidence] = []
    /// The number of the line it begins with.
    public var line: Int
    /// That line.
    public var firstLine: String

    init(kind: Kind, line: MonitorLine) {
        self.kind = kind
        self.line = line.number
        firstLine = line.text
    }

    /// The value of a register.
    public func register(_ name: String) -> UInt32? { registers.first { $0.name == name }?.value }

    /// Where the program was.
    public var pc: UInt32? { register("PC") ?? register("MEPC") ?? register("EPC1") ?? abortPC ?? backtrace.first?.pc }

    /// The address whose access failed.
    public var faultAddress: UInt32? { register("EXCVADDR") ?? register("MTVAL") }

    /// Whether anything says which processor it is: Xtensa prints EXCCAUSE, RISC-V MCAUSE.
    public var isRISCV: Bool { register("MEPC") != nil || register("MCAUSE") != nil || register("RA") != nil }
}
