// The plain statements of a random program: each is one instruction, or a few that belong together, and goes on behind
// itself. None writes outside of the program's window of data, none is what qemu and the ESP32 differ in:
// unaligned accesses (an exception there, split in two here), MULUH and MULSH (not there), timers and interrupts (numbered
// and timed otherwise).

extension ProgramGenerator {
    /// One instruction between address registers that cannot write a boolean.
    mutating func emitRegisterOperation(into code: inout Assembler) {
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

    mutating func emitLoad(into code: inout Assembler) {
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

    mutating func emitStore(into code: inout Assembler) {
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

    mutating func emitBoolean(into code: inout Assembler) {
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

    mutating func emitMultiplyAccumulate(into code: inout Assembler) {
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

    mutating func emitSpecial(into code: inout Assembler) {
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

// Floats. Every NaN that comes up is the default one, so that no operation has to choose between two: what enters a float
// register from outside is made finite first, and NEG.S is left to the sweep.
extension ProgramGenerator {
    /// f0 to f15, FCR and FSR at the start.
    mutating func emitInitialFloats(into code: inout Assembler) {
        for register in 0..<16 {
            code.load(2, random.word() & 0x83FF_FFFF | UInt32(0x38 + random.below(8)) << 23)
            code.emit(.wfr(register, 2))
        }
        code.emit([.movi(2, random.below(4)), .wur(.fcr, 2), .movi(2, random.once(in: 2) ? 0x80 : 0), .wur(.fsr, 2)])
    }

    mutating func emitFloat(into code: inout Assembler) {
        let (r, s, t) = (random.below(16), random.below(16), random.below(16))
        switch random.below(10) {
        case 0: emitFiniteFloat(r, s, into: &code)
        case 1: code.emit(.toFloat(isSigned: random.once(in: 2), r, s, random.below(16)))
        case 2:
            // UTRUNC.S of a negative number makes qemu 7.2 forget the flags of FSR that were there; the sweep has it.
            let name = random.pick(["round.s", "trunc.s", "floor.s", "ceil.s"])
            code.emit(.toWhole(name, destination(), s, random.below(16)))
        case 3:
            code.emit(.floatCompare(random.pick(Instruction.floatCompareNames), r, s, t))
            code.endTranslationBlock()
        case 4: code.emit(.floatConditional(random.pick(Instruction.floatConditionNames), r, s, t))
        case 5: emitFloatMemory(r, into: &code)
        case 6: code.emit(random.once(in: 2) ? .rur(random.pick([.fcr, .fsr]), destination()) : .rfr(destination(), s))
        case 7:
            let register = destination()
            code.emit([.movi(register, random.below(4)), .wur(.fcr, register)])
        default: code.emit(.float(random.pick(["add.s", "sub.s", "mul.s", "madd.s", "msub.s"]), r, s, t))
        }
    }

    /// WFR of a register without its bit 30, which leaves an exponent below 128.
    private mutating func emitFiniteFloat(_ r: Int, _ s: Int, into code: inout Assembler) {
        let register = destination()
        code.emit([.slli(register, s, 2), .srli(register, register, 2), .wfr(r, register)])
    }

    /// A store, and a load of what was stored.
    private mutating func emitFloatMemory(_ r: Int, into code: inout Assembler) {
        let offset = random.below(256) * 4
        switch random.below(3) {
        case 0:
            let base = emitBase(width: 4, offset: offset, into: &code)
            code.emit([.floatMemory("ssi", r, base, offset), .floatMemory("lsi", random.below(16), base, offset)])
        case 1:
            // The pointer moves after the access.
            let base = emitBase(width: 4, offset: 0, into: &code)
            code.emit(.floatMemory("ssip", r, base, offset))
        default:
            let index = destination()
            code.emit(.movi(index, random.below(500) * 4))
            let base = emitBase(width: 4, offset: 0, into: &code)
            guard base != index else { return }
            if random.once(in: 2) { return code.emit(.floatIndexed("ssxp", r, base, index)) }
            code.emit([.three("sub", base, base, index), .floatIndexed("ssx", r, base, index)])
            code.emit(.floatIndexed("lsx", random.below(16), base, index))
        }
    }
}
