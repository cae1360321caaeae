// Random programs: straight code over the integer instructions, with loads and stores in a window of data, branches
// forwards, counted loops of both kinds, calls of small functions, and instructions that raise exceptions. A program
// always ends, touches only its own window, and leaves its whole state in its record.

/// What a program leaves: words of its record in the result area, then its window of data.
enum ProgramRecord {
    static let special: [SpecialRegister] = [
        .sar, .br, .lbeg, .lend, .lcount, .scompare1, .acclo, .acchi, .m0, .m1, .m2, .m3,
    ]
    static let names: [String] =
        (0..<16).map { "a\($0)" } + special.map { "\($0)" }
        + ["exceptions", "last cause", "last address", "exception digest"]
    static let exceptions = 16 + special.count
    static let windowWords = 64
    static let words = 16 + special.count + ExceptionRecord.words + windowWords
}

/// Generates one program into an assembler.
struct ProgramGenerator {
    /// What makes the program: the same seed gives the same program.
    let seed: UInt64
    /// Address of its record.
    let record: UInt32
    /// Emitted last, before the state is stored; the tests of the comparison itself make one side differ with it.
    var alteration: [Instruction] = []
    private var random: ProgramRandom
    private var functions: [Label] = []
    /// Registers that must keep their values where the generator is now: a counter, a return address.
    private var kept: Set<Int> = []
    /// Whether branches and loops may be started here.
    private var depth = 0

    init(seed: UInt64, record: UInt32) {
        self.seed = seed
        self.record = record
        random = ProgramRandom(seed: seed)
    }

    private var window: UInt32 { record + UInt32((ProgramRecord.words - ProgramRecord.windowWords) * 4) }

    /// The first words of the window of data, before the program runs.
    static func data(seed: UInt64) -> [UInt32] {
        var random = ProgramRandom(seed: ~seed)
        return (0..<ProgramRecord.windowWords).map { _ in value(&random) }
    }

    private static func value(_ random: inout ProgramRandom) -> UInt32 {
        random.once(in: 3) ? random.word() : random.pick(SweepRow.corners)
    }

    /// The whole program, state in and state out.
    mutating func emit(into code: inout Assembler) {
        let start = code.label()
        code.emit(.jump, to: start)
        code.startPool(words: 160)
        code.place(start)
        emitInitialState(into: &code)
        functions = (0..<2).map { _ in code.label() }
        for _ in 0..<(10 + random.below(40)) { emitStatement(into: &code) }
        let end = code.label()
        code.emit(.jump, to: end)
        for function in functions { emitFunction(function, into: &code) }
        code.place(end)
        code.emit(alteration)
        emitFinalState(into: &code)
        // So that a program's addresses do not depend on those before it.
        let next = code.label()
        code.emit(.jump, to: next)
        code.align(1024)
        code.place(next)
    }

    private mutating func emitInitialState(into code: inout Assembler) {
        code.load(2, record + UInt32(ProgramRecord.exceptions * 4))
        code.emit(.wsr(.misc0, 2))
        // The vector of an exception depends on PS.UM; some programs start with interrupts masked.
        code.load(2, 0x0004_0000 | (random.once(in: 2) ? 0x20 : 0) | UInt32(random.below(4)))
        code.emit([.wsr(.ps, 2), .rsync])
        let values: [(SpecialRegister, UInt32)] = [
            (.lcount, 0), (.lbeg, 0), (.lend, 0), (.sar, UInt32(random.below(33))), (.br, random.word() & 0xFFFF),
            (.scompare1, Self.value(&random)), (.acclo, random.word()), (.acchi, random.word() & 0xFF),
            (.m0, random.word()), (.m1, random.word()), (.m2, random.word()), (.m3, random.word()),
        ]
        for (register, value) in values {
            code.load(2, value)
            code.emit(.wsr(register, 2))
        }
        code.emit(.isync)
        code.endTranslationBlock()
        for register in 0..<16 { code.load(register, Self.value(&random)) }
    }

    private mutating func emitFinalState(into code: inout Assembler) {
        code.emit(.wsr(.excsave2, 0))
        code.load(0, record)
        for register in 1..<16 { code.emit(.s32i(register, 0, register * 4)) }
        code.emit([.rsr(.excsave2, 1), .s32i(1, 0, 0)])
        for (index, register) in ProgramRecord.special.enumerated() {
            code.emit([.rsr(register, 1), .s32i(1, 0, (16 + index) * 4)])
        }
    }

    /// A leaf; a0 is its way back.
    private mutating func emitFunction(_ label: Label, into code: inout Assembler) {
        code.align(4)
        code.place(label)
        kept.insert(0)
        depth += 1
        for _ in 0..<(2 + random.below(6)) { emitPlain(into: &code) }
        depth -= 1
        kept.remove(0)
        switch random.below(3) {
        case 0: code.emit(.ret)
        case 1: code.emit(.retN)
        default: code.emit(.jx(0))
        }
    }

    private mutating func emitStatement(into code: inout Assembler) {
        guard depth < 2 else { return emitPlain(into: &code) }
        switch random.below(12) {
        case 0, 1: emitForwardBranch(into: &code)
        case 2: emitLoop(into: &code)
        case 3: emitCountdown(into: &code)
        case 4 where depth == 0: emitCall(into: &code)
        default: emitPlain(into: &code)
        }
    }

    private mutating func emitBlock(_ count: Int, into code: inout Assembler) {
        depth += 1
        for _ in 0..<count { emitStatement(into: &code) }
        depth -= 1
    }

    private mutating func emitForwardBranch(into code: inout Assembler) {
        let target = code.label()
        let (s, t) = (random.below(16), random.below(16))
        let isTrue = random.once(in: 2)
        switch random.below(7) {
        case 0: code.emit(.bitBranch(isSet: isTrue, s, random.below(32)), to: target)
        case 1: code.emit(.zeroBranch(random.pick(ControlTransfer.zeroBranchNames), s), to: target)
        case 2:
            let name = random.pick(ControlTransfer.constantBranchNames)
            code.emit(.constantBranch(name, s, constant: random.below(16)), to: target)
        case 3: code.emit(.booleanBranch(isTrue: isTrue, s), to: target)
        case 4:
            // Reaches 64 bytes only.
            code.emit(.narrowBranch(isZero: isTrue, s), to: target)
            for _ in 0..<(1 + random.below(3)) { emitRegisterOperation(into: &code) }
            return code.place(target)
        default:
            let names = ControlTransfer.registerBranchNames.filter { !$0.isEmpty }
            code.emit(.branch(random.pick(names), s, t), to: target)
        }
        // The shortest reach of the others is 128 bytes.
        depth += 1
        for _ in 0..<random.below(4) { emitPlain(into: &code) }
        depth -= 1
        code.place(target)
    }

    /// A zero-overhead loop. Its last instruction is a plain one, as the ISA asks ("Loop Option").
    private mutating func emitLoop(into code: inout Assembler) {
        let count = random.pick([1, 2, 3, 7, 0, -1, -5])
        let name =
            count == 0
            ? random.pick(["loopnez", "loopgtz"]) : count < 0 ? "loopgtz" : random.pick(ControlTransfer.loopNames)
        let (counter, end) = (destination(), code.label())
        code.emit(.movi(counter, count))
        code.emit(.loop(name, counter), to: end)
        let exit = random.once(in: 4) ? code.label() : nil
        depth = depth + 2
        for _ in 0..<(1 + random.below(4)) { emitPlain(into: &code) }
        if let exit {
            code.emit(
                .branch(random.pick(["beq", "bge", "ball", "bbs"]), random.below(16), random.below(16)), to: exit)
        }
        emitLoopEnd(into: &code)
        depth = depth - 2
        code.place(end)
        emitRegisterOperation(into: &code)
        if let exit { code.place(exit) }
    }

    /// One instruction that is no jump.
    private mutating func emitLoopEnd(into code: inout Assembler) {
        let (r, s, t) = (destination(), random.below(16), random.below(16))
        switch random.below(4) {
        case 0: code.emit(.addN(r, s, t))
        case 1: code.emit(.addiN(r, s, 1))
        case 2: code.emit(.three("quou", r, s, t))
        default: code.emit(.three(random.pick(["sub", "xor", "mull", "maxu", "src"]), r, s, t))
        }
    }

    /// A loop by a branch backwards.
    private mutating func emitCountdown(into code: inout Assembler) {
        let counter = destination()
        code.emit(.movi(counter, 1 + random.below(4)))
        let top = code.label()
        code.place(top)
        let isNew = kept.insert(counter).inserted
        emitBlock(1 + random.below(3), into: &code)
        if isNew { kept.remove(counter) }
        code.emit(.addi(counter, counter, -1))
        code.emit(.zeroBranch("bnez", counter), to: top)
    }

    private mutating func emitCall(into code: inout Assembler) {
        let function = random.pick(functions)
        guard !kept.contains(0) else { return }
        code.emit(.call(), to: function)
    }

    /// A register that may be overwritten.
    private mutating func destination() -> Int {
        while true {
            let register = random.below(16)
            if !kept.contains(register) { return register }
        }
    }

    /// Anything that goes on behind itself, of a few instructions at most.
    private mutating func emitPlain(into code: inout Assembler) {
        switch random.below(16) {
        case 0, 1, 2: emitLoad(into: &code)
        case 3, 4: emitStore(into: &code)
        case 5: emitBoolean(into: &code)
        case 6: emitSpecial(into: &code)
        case 8: emitMultiplyAccumulate(into: &code)
        case 7 where random.once(in: 3): code.emit(random.pick([.ill, .illN, .syscall]))
        case 9: code.load(destination(), Self.value(&random))
        default: emitRegisterOperation(into: &code)
        }
    }
}

// The plain statements.
extension ProgramGenerator {
    /// One instruction between address registers that cannot write a boolean.
    private mutating func emitRegisterOperation(into code: inout Assembler) {
        let (r, s, t) = (destination(), random.below(16), random.below(16))
        switch random.below(20) {
        case 0: code.emit(.two(random.pick(["abs", "neg", "srl", "sra", "nsa", "nsau"]), r, s))
        case 1:
            // SLL beyond a SAR of 32 is not defined; SSL brings it below.
            code.emit([.shiftAmount("ssl", t), .two("sll", r, s)])
            code.endTranslationBlock()
        case 2:
            // A SAR of 32 from SSL or SSA8B and a right shift in one translation block: qemu 7.2 shifts by nothing, since
            // it takes that SAR for one of five bits. By itself the SAR of 32 is right there too.
            code.emit(.shiftAmount(random.pick(Instruction.shiftAmountNames), s))
            code.endTranslationBlock()
        case 3: code.emit(.ssai(random.below(32)))
        case 4: code.emit(.slli(r, s, 1 + random.below(31)))
        case 5: code.emit(.srai(r, s, random.below(32)))
        case 6: code.emit(.srli(r, s, random.below(16)))
        case 7: code.emit(.extui(r, s, random.below(32), 1 + random.below(16)))
        case 8: code.emit(random.once(in: 2) ? .sext(r, s, 7 + random.below(16)) : .clamps(r, s, 7 + random.below(16)))
        case 9: code.emit(.addi(r, s, random.below(256) - 128))
        case 10: code.emit(.addmi(r, s, (random.below(256) - 128) * 256))
        case 11: code.emit(.movi(r, random.below(4096) - 2048))
        case 12: code.emit(random.once(in: 2) ? .addN(r, s, t) : .addiN(r, s, random.pick([-1, 1, 8, 15])))
        case 13: code.emit(random.once(in: 2) ? .movN(r, s) : .moviN(r, random.below(128) - 32))
        case 14: code.emit(.moveOnBoolean(random.once(in: 2), r, s, t))
        default:
            // No core of qemu's has MULUH and MULSH.
            let names = Instruction.threeRegisterNames.keys.sorted().filter { $0 != "muluh" && $0 != "mulsh" }
            code.emit(.three(random.pick(names), r, s, t))
        }
    }

    /// A base that together with a random offset points to an aligned place in the window.
    private mutating func emitBase(width: Int, offset: Int, into code: inout Assembler) -> Int {
        let place = random.below(ProgramRecord.windowWords * 4 / width) * width
        let base = destination()
        code.load(base, window &+ UInt32(place) &- UInt32(bitPattern: Int32(offset)))
        return base
    }

    private mutating func emitLoad(into code: inout Assembler) {
        if random.once(in: 4) {
            let offset = random.below(16) * 4
            let base = emitBase(width: 4, offset: offset, into: &code)
            return code.emit(.l32iN(destination(), base, offset))
        }
        let name = random.pick(["l8ui", "l16ui", "l16si", "l32i", "l32i", "l32ai"])
        let width = Instruction.memoryNames[name]?.width ?? 4
        let offset = random.below(256) * width
        let base = emitBase(width: width, offset: offset, into: &code)
        code.emit(.memory(name, destination(), base, offset))
    }

    private mutating func emitStore(into code: inout Assembler) {
        let name = random.pick(["s8i", "s16i", "s32i", "s32ri", "s32c1i", "s32i.n"])
        let width = Instruction.memoryNames[name]?.width ?? 4
        let offset = random.below(name == "s32i.n" ? 16 : 256) * width
        let base = emitBase(width: width, offset: offset, into: &code)
        switch name {
        case "s32i.n": code.emit(.s32iN(random.below(16), base, offset))
        case "s32c1i":
            // Half of them find what they compare with.
            let register = destination()
            if random.once(in: 2) {
                let expected = destination()
                if expected != base { code.emit([.l32i(expected, base, offset), .wsr(.scompare1, expected)]) }
            }
            if register != base || random.once(in: 2) { code.emit(.memory(name, register, base, offset)) }
        default: code.emit(.memory(name, random.below(16), base, offset))
        }
    }

    private mutating func emitBoolean(into code: inout Assembler) {
        let (r, s, t) = (random.below(16), random.below(16), random.below(16))
        switch random.below(4) {
        case 0:
            let isFour = random.once(in: 2)
            code.emit(
                .booleanGroup(random.pick(isFour ? ["any4", "all4"] : ["any8", "all8"]), r, isFour ? s & 12 : s & 8))
        case 1:
            let register = destination()
            code.emit(random.once(in: 2) ? .xsr(.br, register) : .wsr(.br, register))
        default: code.emit(.boolean(random.pick(Instruction.booleanNames), r, s, t))
        }
        code.endTranslationBlock()
    }

    private mutating func emitMultiplyAccumulate(into code: inout Assembler) {
        let half = random.pick(MultiplyHalf.allCases)
        let (s, t) = (random.below(16), random.below(16))
        switch random.below(6) {
        case 0: code.emit(.multiply(random.pick(MultiplyKind.allCases), half, .address(s), .address(t)))
        case 1:
            let kind = random.pick(MultiplyKind.ofOwnRegisters)
            let right = MultiplyOperand.own(2 + random.below(2))
            code.emit(.multiply(kind, half, random.once(in: 2) ? .address(s) : .own(random.below(2)), right))
        case 2:
            code.emit(.multiply(random.pick(MultiplyKind.ofOwnRegisters), half, .own(random.below(2)), .address(t)))
        case 3: code.emit([.wsr(.acchi, s), .rsr(.acclo, destination())])
        default:
            let step = random.once(in: 2) ? 4 : -4
            let pointer = emitBase(width: 4, offset: step, into: &code)
            let right = random.once(in: 2) ? MultiplyOperand.address(t) : .own(2 + random.below(2))
            code.emit(
                random.once(in: 3)
                    ? .steppingLoad(step: step, to: random.below(4), pointer)
                    : .multiplyAndLoad(
                        half, .own(random.below(2)), right, step: step, to: random.below(4), pointer))
            code.endTranslationBlock()
        }
    }

    private mutating func emitSpecial(into code: inout Assembler) {
        let register = destination()
        switch random.below(6) {
        case 0: code.emit(.rsr(random.pick([.sar, .br, .scompare1, .lbeg, .lend, .excsave1]), register))
        case 1: code.emit(.wsr(.scompare1, random.below(16)))
        case 2: code.emit(.xsr(.scompare1, register))
        case 3: code.emit([.wur(.threadptr, random.below(16)), .rur(.threadptr, register)])
        case 4: code.emit([.extui(register, random.below(16), 0, 5), .wsr(.sar, register)])
        default: code.emit(random.pick([.nop, .nopN, .isync, .rsync, .esync, .dsync, .memw, .extw]))
        }
    }
}
