// Random words of the opcode groups that qemu's core and the ESP32's share, reserved encodings and all: what is an
// instruction here must be one there, and what is not must raise IllegalInstruction. Left out are groups where the cores
// are configured differently (double precision, cache and TLB instructions, MULUH), and what leads away from the word.

import TestSupport
import Testing
import VirtualBoard

/// Words to be executed one by one from the same registers, and what each of them left.
private struct WordTrial {
    /// Captured registers behind a0 to a15.
    static let special: [SpecialRegister] = [.sar, .br, .acclo, .acchi, .m0, .m1, .m2, .m3]
    static let recordWords = 16 + special.count + ExceptionRecord.words
    /// Address registers point into this much memory, or the sum of two of them into as much elsewhere.
    private static let memorySize: UInt32 = 0x1_0000
    private static let sums = GuestLayout.tables * 2

    var words: [UInt32]

    private static func start(_ register: Int) -> UInt32 { GuestLayout.tables + 0x1000 + UInt32(register) * 0x404 }

    func image() -> GuestImage {
        var random = ProgramRandom(seed: 11)
        let memory = (0..<Self.memorySize).map { _ in UInt8(truncatingIfNeeded: random.word()) }
        let size = words.count * Self.recordWords * 4
        var image = GuestImage.make(resultSize: size, tables: memory) { code in
            for (index, word) in words.enumerated() {
                if index % 400 == 0 { code.startPoolBehindJump(words: 500) }
                let record = GuestLayout.results + UInt32(index * Self.recordWords * 4)
                emit(word, record: record, into: &code)
            }
        }
        image.sections.append((Self.sums, [UInt8](repeating: 0, count: Int(Self.memorySize))))
        return image
    }

    private func emit(_ word: UInt32, record: UInt32, into code: inout Assembler) {
        code.load(0, record)
        code.emit([
            .wsr(.misc1, 0), .addmi(0, 0, 256), .addi(0, 0, (16 + Self.special.count) * 4 - 128), .addi(0, 0, -128),
        ])
        code.emit([.wsr(.misc0, 0), .movi(0, 13), .wsr(.sar, 0), .movi(0, 0x5A5), .wsr(.br, 0)])
        code.emit([.wsr(.acclo, 0), .wsr(.acchi, 0), .wsr(.m0, 0), .wsr(.m1, 0), .wsr(.m2, 0), .wsr(.m3, 0)])
        // GuestLayout.tables + 0x1000, then one step of 0x404 for each register.
        code.emit([.movi(0, 0x401), .slli(0, 0, 12)])
        for register in 1..<16 {
            code.emit([.addmi(register, register - 1, 0x400), .addi(register, register, 4)])
        }
        code.endTranslationBlock()
        let isNarrow = word & 15 >= 8
        var instruction = Instruction(bits: word, hexWord(word))
        instruction.length = isNarrow ? 2 : 3
        code.emit(instruction)
        code.endTranslationBlock()
        code.emit([.wsr(.excsave2, 0), .rsr(.misc1, 0)])
        for register in 1..<16 { code.emit(.s32i(register, 0, register * 4)) }
        code.emit([.rsr(.excsave2, 1), .s32i(1, 0, 0)])
        for (index, register) in Self.special.enumerated() {
            code.emit([.rsr(register, 1), .s32i(1, 0, (16 + index) * 4)])
        }
    }

    func differences(_ theirs: [UInt32], _ ours: [UInt32]) -> [String] {
        let names =
            (0..<16).map { "a\($0)" } + Self.special.map { "\($0)" } + ["exceptions", "cause", "address", "digest"]
        return words.enumerated().flatMap { index, word in
            names.enumerated().compactMap { place, name in
                let (left, right) = (theirs[index * names.count + place], ours[index * names.count + place])
                guard left != right else { return nil }
                return "\(hexWord(word)): \(name): qemu \(hexWord(left)), ours \(hexWord(right))"
            }
        }
    }

    /// How many of the words raised an exception.
    func exceptions(_ results: [UInt32]) -> Int {
        words.indices.count { results[$0 * Self.recordWords + 16 + Self.special.count] != 0 }
    }
}

/// A group of encodings.
private struct WordGroup: CustomTestStringConvertible {
    var name: String
    /// The bits that are given.
    var fixed: UInt32
    /// The bits that are random.
    var free: UInt32
    /// What is left out.
    var isWanted: @Sendable (UInt32) -> Bool = { _ in true }

    var testDescription: String { name }

    func words(count: Int, seed: UInt64) -> [UInt32] {
        var random = ProgramRandom(seed: seed)
        var words: [UInt32] = []
        while words.count < count {
            let word = fixed | random.word() & free
            if isWanted(word) { words.append(word) }
        }
        return words
    }

    private static func field(_ word: UInt32, _ shift: UInt32) -> UInt32 { word >> shift & 15 }

    static let all = [
        WordGroup(name: "MAC16", fixed: 4, free: 0xFF_FFF0),
        WordGroup(name: "MAC16 without unused bits", fixed: 4, free: 0xFF_4740),
        // Without the synchronisations' neighbours that jump, wait, call the simulator or the debugger.
        WordGroup(name: "arithmetic", fixed: 0, free: 0xF0_FFF0) { word in
            let (op2, r, t) = (field(word, 20), field(word, 12), field(word, 4))
            return switch op2 {
            case 0: [2, 8, 9, 10, 11, 12, 13, 14, 15].contains(r) && !(r == 2 && t >= 4)
            case 4: ![6, 7, 8].contains(r)
            case 5: false
            default: true
            }
        },
        // SLLI by 32, which its field could say, is not defined.
        WordGroup(name: "shifts", fixed: 0x1_0000, free: 0xF0_FFF0) { word in
            let op2 = field(word, 20)
            return ![6, 7, 15].contains(op2) && !(op2 == 0 && field(word, 4) == 0)
        },
        // SALT and SALTU are younger than the ESP32's core.
        WordGroup(name: "products and booleans", fixed: 0x2_0000, free: 0xF0_FFF0) {
            ![6, 7, 10, 11].contains(field($0, 20))
        },
        WordGroup(name: "comparisons and moves", fixed: 0x3_0000, free: 0xF0_FFF0) { 2...13 ~= field($0, 20) },
        WordGroup(name: "custom", fixed: 0x6_0000, free: 0xF1_FFF0),
        // The steps of division are compared as sequences; CVTD.S belongs to double precision.
        WordGroup(name: "floats", fixed: 0xA_0000, free: 0xF0_FFF0) { word in
            let (op2, t) = (field(word, 20), field(word, 4))
            return op2 != 6 && op2 != 7 && !(op2 == 15 && (t == 2 || t >= 7))
        },
        WordGroup(name: "float compares", fixed: 0xB_0000, free: 0xF0_FFF0),
        WordGroup(name: "float index", fixed: 0x8_0000, free: 0xF0_FFF0) { field($0, 20) & 2 == 0 },
        WordGroup(name: "float memory", fixed: 3, free: 0xFF_FFF0) { field($0, 12) & 3 == 0 },
        WordGroup(name: "memory", fixed: 2, free: 0xFF_FFF0) { field($0, 12) != 7 },
        WordGroup(name: "loops and booleans", fixed: 0x76, free: 0xFF_FF00) {
            ![0, 1, 8, 9, 10].contains(field($0, 12))
        },
        WordGroup(name: "narrow", fixed: 8, free: 0x07_FFF7) { word in
            let (op0, r, t) = (word & 15, field(word, 12), field(word, 4))
            return switch op0 {
            case 12: t < 8
            case 13: r != 15 || ![0, 1, 2].contains(t)
            default: op0 < 14
            }
        },
    ]
}

@Suite("Decoding", .enabled(if: Qemu.program != nil, "\(Qemu.absence)"))
struct DecodingTests {
    @Test("random words of each group are what they are to qemu, reserved ones too", arguments: WordGroup.all)
    fileprivate func words(group: WordGroup) async throws {
        let trial = WordTrial(words: group.words(count: 800, seed: 1).map { $0 & 15 >= 8 ? $0 & 0xFFFF : $0 })
        let image = trial.image()
        let theirs = try await Qemu.run(image)
        for isDecoding in [true, false] {
            let differences = trial.differences(theirs, try VirtualProcessor.run(image, isDecoding: isDecoding))
            #expect(differences.isEmpty, "\(differences.prefix(30).joined(separator: "\n"))")
        }
        // A word that both take for nothing would hide a mistake of the test.
        #expect(trial.exceptions(theirs) < trial.words.count || ["custom", "loops and booleans"].contains(group.name))
    }

    @Test("a word that is another instruction is found")
    func alteredWord() throws {
        let words = WordGroup.all.flatMap { $0.words(count: 20, seed: 2) }.filter { $0 & 15 < 8 }
        var altered = words
        altered[40] = Instruction.three("sub", 4, 5, 6).bits
        let differences = WordTrial(words: words).differences(
            try VirtualProcessor.run(WordTrial(words: words).image()),
            try VirtualProcessor.run(WordTrial(words: altered).image()))
        #expect(!differences.isEmpty)
        #expect(differences.allSatisfy { $0.hasPrefix(hexWord(words[40])) || $0.contains("digest") }, "\(differences)")
    }
}
