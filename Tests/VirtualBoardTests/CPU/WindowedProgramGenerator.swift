// Random programs of windowed functions: chains of CALL4, CALL8 and CALL12 deeper than any register file, with values that
// must survive the calls, arguments and results through the windows, and exceptions on the way. What a dead register holds
// depends on how many registers a core has (64 here, 32 in qemu's cores) and when it spilled, so no instruction reads one:
// the generator knows which registers of a function hold something.

/// Functions that call each other downwards a counter; every function adds what it sees to a sum in memory.
struct WindowedProgramGenerator {
    /// A record: the sum, the result of the outermost call, the exceptions, and a caller's a0 to a7 after all calls.
    static let recordWords = 2 + ExceptionRecord.words + 8
    static let names =
        ["sum", "result", "exceptions", "last cause", "last address", "exception digest"] + (0..<8).map { "a\($0)" }

    let seed: UInt64
    let record: UInt32
    private var random: ProgramRandom
    private var functions: [Label] = []
    /// Registers that hold something and may be read.
    private var live: Set<Int> = []

    init(seed: UInt64, record: UInt32) {
        self.seed = seed
        self.record = record
        random = ProgramRandom(seed: seed)
    }

    mutating func emit(into code: inout Assembler) {
        let start = code.label()
        code.emit(.jump, to: start)
        code.startPool(words: 80)
        functions = (0..<4).map { _ in code.label() }
        for function in functions { emitFunction(function, into: &code) }
        code.place(start)
        emitOutermost(into: &code)
        let next = code.label()
        code.emit(.jump, to: next)
        code.align(1024)
        code.place(next)
    }

    /// The base frame: its own stack frame with a caller's stack pointer below it, as the spill handlers need one.
    private mutating func emitOutermost(into code: inout Assembler) {
        code.load(2, record + 8)
        code.emit(.wsr(.misc0, 2))
        code.load(1, GuestLayout.stackTop - 256)
        code.load(2, GuestLayout.stackTop)
        code.emit([.addi(3, 1, -12), .s32i(2, 3, 0), .movi(0, 0)])
        let turn = random.pick([4, 8, 12])
        for register in 2..<8 where register < turn { code.load(register, random.word()) }
        code.load(turn + 2, random.word())
        code.emit(.movi(turn + 3, 8 + random.below(40)))
        code.emit(.call(turn), to: random.pick(functions))
        // The result first: it may lie in one of the registers that are compared.
        code.emit(.three("or", turn == 12 ? 8 : 12, turn + 2, turn + 2))
        let result = turn == 12 ? 8 : 12
        let pointer = turn == 12 ? 9 : 13
        code.load(pointer, record)
        code.emit(.s32i(result, pointer, 4))
        for register in 0..<min(turn, 8) {
            code.emit(.s32i(register, pointer, 4 * (2 + ExceptionRecord.words + register)))
        }
    }

    private mutating func emitFunction(_ label: Label, into code: inout Assembler) {
        code.align(4)
        code.place(label)
        code.emit(.entry(1, random.pick([64, 80, 128, 256])))
        live = [0, 1, 2, 3]
        emitWork(3 + random.below(6), into: &code)
        let (done, turn) = (code.label(), random.pick([4, 8, 12]))
        code.emit(.zeroBranch("beqz", 3), to: done)
        let before = live
        emitCall(turn, into: &code)
        emitWork(random.below(4), into: &code)
        // Two ways lead here: only what lives on both may be read.
        code.place(done)
        live.formIntersection(before)
        emitSum(into: &code)
        code.emit(random.once(in: 2) ? .retw : .retwN)
    }

    private mutating func emitCall(_ turn: Int, into code: inout Assembler) {
        let function = random.pick(functions)
        let value = readable()
        code.emit([.three("or", turn + 2, value, value), .addi(turn + 3, 3, -1)])
        code.emit(.call(turn), to: function)
        live.formIntersection(Set(0..<turn))
        // The result is the callee's a2.
        code.emit(.three("xor", 2, 2, turn + 2))
        live.insert(turn + 2)
    }

    private mutating func readable() -> Int { random.pick(live.sorted()) }

    /// Not the return address, the stack pointer or the counter.
    private mutating func writable() -> Int { random.pick([2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]) }

    private mutating func emitWork(_ count: Int, into code: inout Assembler) {
        for _ in 0..<count {
            let (r, s, t) = (writable(), readable(), readable())
            switch random.below(8) {
            case 0: code.load(r, random.word())
            case 1: code.emit(.addi(r, s, random.below(256) - 128))
            case 2: code.emit(.movN(r, s))
            case 3 where random.once(in: 3):
                code.emit(random.pick([.ill, .illN, .syscall]))
                continue
            case 4: code.emit([.s32i(s, 1, 0), .l32i(r, 1, 0)])
            case 5: code.emit(.addN(r, s, t))
            default:
                code.emit(.three(random.pick(["sub", "xor", "addx4", "mull", "min", "maxu", "and", "or"]), r, s, t))
            }
            live.insert(r)
        }
    }

    /// Every live register goes into the sum; a4 and a5 are used up.
    private mutating func emitSum(into code: inout Assembler) {
        code.load(4, record)
        code.emit(.l32i(5, 4, 0))
        for register in live.sorted() { code.emit([.three("subx8", 5, 5, 5), .three("add", 5, 5, register)]) }
        code.emit([.s32i(5, 4, 0), .three("xor", 2, 2, 5)])
    }
}

/// Windowed programs of consecutive seeds in one image.
struct WindowedProgramBatch {
    var seeds: Range<UInt64>
    var image: GuestImage

    init(seeds: Range<UInt64>) {
        self.seeds = seeds
        let size = seeds.count * WindowedProgramGenerator.recordWords * 4
        image = GuestImage.make(resultSize: size) { code in
            for (index, seed) in seeds.enumerated() {
                let record = GuestLayout.results + UInt32(index * WindowedProgramGenerator.recordWords * 4)
                var generator = WindowedProgramGenerator(seed: seed, record: record)
                generator.emit(into: &code)
            }
        }
    }

    func differences(_ theirs: [UInt32], _ ours: [UInt32]) -> [String] {
        seeds.enumerated().flatMap { index, seed in
            (0..<WindowedProgramGenerator.recordWords).compactMap { word in
                let place = index * WindowedProgramGenerator.recordWords + word
                guard theirs[place] != ours[place] else { return nil }
                let values = "qemu \(hexWord(theirs[place])), ours \(hexWord(ours[place]))"
                return "program of seed \(seed): \(WindowedProgramGenerator.names[word]): \(values)"
            }
        }
    }
}
