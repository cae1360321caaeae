// Programs that change their own instructions and literals: our processor keeps decoded code and must notice, through
// stores of every width, in loops and behind them.

import TestSupport
import Testing
import VirtualBoard

@Suite("Code that changes", .enabled(if: Qemu.program != nil, "\(Qemu.absence)"))
struct ChangedCodeTests {
    /// One result word for each call of the function that is changed.
    private static let calls = 5 + 20 + 20 + 10

    private static func image() -> GuestImage {
        GuestImage.make(resultSize: calls * 4) { code in
            let (start, function) = (code.label(), code.label())
            code.emit(.jump, to: start)
            code.startPool(words: 40)
            let literal = code.here - 4
            code.place(function)
            let address = code.here
            code.emit([.addi(5, 5, 1), .ret])
            code.align(4)
            let second = code.here
            code.load(7, literalAt: literal)
            code.emit([.three("add", 5, 5, 7), .ret])
            code.align(4)
            code.place(start)
            code.load(12, address)
            code.load(13, GuestLayout.results)
            code.load(11, literal)
            code.load(10, second)
            code.emit(.movi(5, 0))
            emitWholeInstructions(into: &code)
            emitLoops(into: &code)
        }
    }

    /// Calls a10 or a12 and stores what a5 is then. The jump ends qemu's translation block, which does not notice changes
    /// of itself.
    private static func emitCall(_ register: Int, into code: inout Assembler) {
        code.emit(.isync)
        code.endTranslationBlock()
        code.emit([.callx0(register), .s32i(5, 13, 0), .addi(13, 13, 4)])
    }

    private static func emitWholeInstructions(into code: inout Assembler) {
        let instructions: [Instruction] = [
            .addi(5, 5, 100), .slli(5, 5, 3), .three("sub", 5, 12, 5), .addmi(5, 5, 512), .addi(5, 5, 7),
        ]
        for instruction in instructions {
            // The fourth byte is the first of RET.
            code.load(3, instruction.bits | Instruction.ret.bits << 24)
            code.emit(.s32i(3, 12, 0))
            emitCall(12, into: &code)
        }
    }

    /// An immediate by S8I, both bytes of an immediate and a register field by S16I, and a literal.
    private static func emitLoops(into code: inout Assembler) {
        code.emit(.movi(4, 20))
        for (count, change) in [
            (20, Instruction.memory("s8i", 4, 12, 2)), (20, .memory("s16i", 3, 12, 0)), (10, .s32i(4, 11, 0)),
        ] {
            code.emit(.movi(4, count))
            let top = code.label()
            code.place(top)
            // The low half of ADDI to a5, from a4 or a5.
            code.emit([.extui(3, 4, 0, 1), .addi(3, 3, 4), .slli(3, 3, 8), .addmi(3, 3, -0x4000), .addi(3, 3, 0x52)])
            code.emit(change)
            emitCall(count == 10 ? 10 : 12, into: &code)
            code.emit(.addi(4, 4, -1))
            code.emit(.zeroBranch("bnez", 4), to: top)
        }
    }

    @Test("changed instructions and literals are what runs, as on qemu")
    func changedCode() async throws {
        let theirs = try await Qemu.run(Self.image())
        for isDecoding in [true, false] {
            let ours = try VirtualProcessor.run(Self.image(), isDecoding: isDecoding)
            let places = theirs.indices.filter { theirs[$0] != ours[$0] }
            #expect(places.isEmpty, "\(places.map { "\($0): qemu \(hexWord(theirs[$0])), ours \(hexWord(ours[$0]))" })")
        }
        // Every change had an effect, and none raised an exception.
        let steps = zip(theirs, theirs.dropFirst()).prefix(Self.calls - 1)
        #expect(steps.allSatisfy { $0 != $1 })
        #expect(theirs.suffix(ExceptionRecord.words).allSatisfy { $0 == 0 })
    }
}
