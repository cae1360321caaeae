// Looks the addresses of a panic up in the ELF file of the firmware: function from the symbol table, file and line from
// the line programs, functions put inline from .debug_info, all of a dump in one pass. Says when the file is not the one that runs on the board. A RISC-V dump
// has no backtrace; its callers are found in the stack that it prints (StackUnwinder), and where that ends too early
// the rest is guessed from stack words that follow a call instruction, and said to be a guess.

import Crypto
public import ESPImage

/// An ELF file to look addresses up in.
public struct AddressDecoder: Sendable {
    /// A frame with its names.
    public struct Frame: Equatable, Sendable {
        /// The address: of the instruction that failed, of a call as Xtensa's handler prints it, or, for a caller of a
        /// RISC-V function, where it goes on.
        public var pc: UInt32
        /// The function it lies in, C++ names made readable.
        public var function: String?
        /// File and line.
        public var place: SourcePlace?
        /// Whether it is a guess: a stack word that follows a call.
        public var isGuess = false
        /// Whether the compiler put the function inline into that of the next frame, which has the same address.
        public var isInlined = false

        /// A frame; without names where no ELF file is at hand.
        public init(
            pc: UInt32, function: String? = nil, place: SourcePlace? = nil, isGuess: Bool = false,
            isInlined: Bool = false
        ) {
            self.pc = pc
            self.function = function
            self.place = place
            self.isGuess = isGuess
            self.isInlined = isInlined
        }

        /// `loop at main.cpp:12`.
        public var text: String {
            let name = function ?? "??"
            return place.map { "\(name) at \($0.file):\($0.line)" } ?? name
        }
    }

    /// Whether a dump comes from this file.
    public enum Match: Equatable, Sendable {
        /// The printed digest is this file's.
        case same
        /// It is another's.
        case different
        /// The dump has no digest.
        case unknown
    }

    /// The SHA-256 of the file, 64 hexadecimal digits.
    public let digest: String
    private let elf: ELFFile
    private let functions: [ELFFile.Symbol]
    private let code: [ELFFile.Section]
    private static let mostGuesses = 24

    /// Reads the file's tables. Throws `elf-invalid` or `wrong-architecture`.
    public init(elf bytes: [UInt8]) throws(ESPImageError) {
        elf = try ELFFile(bytes)
        digest = SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }.joined()
        // SHF_EXECINSTR
        code = elf.sections.filter { $0.flags & 4 != 0 && $0.size > 0 }
        let inCode = code
        functions = try elf.symbols().filter { symbol in
            // Assembler functions may have no type; mapping symbols and locals of the compiler are none.
            inCode.contains { $0.holds(symbol.value) } && (symbol.isFunction || !symbol.name.hasPrefix("."))
        }.sorted { ($0.value, $0.isFunction ? 0 : 1) < ($1.value, $1.isFunction ? 0 : 1) }
    }

    /// Whether a dump comes from this file.
    public func match(_ report: PanicReport) -> Match {
        guard let printed = report.elfDigest?.lowercased(), printed.utf8.count >= 8 else { return .unknown }
        return digest.hasPrefix(printed) ? .same : .different
    }

    /// The frames of a dump, innermost first.
    public func frames(of report: PanicReport) -> [Frame] {
        var found = report.backtrace.map { Address(pc: $0.pc) }
        found += report.guessedFrames.map { Address(pc: $0.pc, isGuess: true) }
        if found.isEmpty {
            if let pc = report.pc { found.append(Address(pc: pc)) }
            if report.isRISCV { found += callers(report) }
        }
        let wanted = Set(found.map(\.call).filter { address in code.contains { $0.holds(address) } })
        guard !wanted.isEmpty else { return found.map { Frame(pc: $0.pc, isGuess: $0.isGuess) } }
        let sections = debugSections
        let places = sections.line.places(of: wanted)
        let inline = sections.inlineCalls(at: wanted)
        return found.flatMap { frames(of: $0, place: places[$0.call], inline: inline[$0.call] ?? []) }
    }

    /// The functions at an address: those put inline, innermost first, and the one that holds them.
    private func frames(of address: Address, place: SourcePlace?, inline: [InlineCall]) -> [Frame] {
        var place = place
        var frames: [Frame] = []
        for call in inline.reversed() {
            frames.append(
                Frame(pc: address.pc, function: call.function, place: place, isGuess: address.isGuess, isInlined: true))
            place = call.place
        }
        let function = function(at: address.call)
        return frames + [Frame(pc: address.pc, function: function, place: place, isGuess: address.isGuess)]
    }

    /// One address with its names; functions put inline are not told apart.
    public func frame(at pc: UInt32) -> Frame {
        let places = code.contains { $0.holds(pc) } ? debugSections.line.places(of: [pc]) : [:]
        return Frame(pc: pc, function: function(at: pc), place: places[pc])
    }

    /// An address of a dump.
    private struct Address {
        var pc: UInt32
        var isGuess = false
        /// Whether a call returns to it: the call is before it, and it may lie behind the function's end.
        var isReturn = false
        var call: UInt32 { isReturn ? pc &- 1 : pc }
    }

    private func callers(_ report: PanicReport) -> [Address] {
        let unwinder = StackUnwinder(
            table: callFrames, stack: report.stack, isCode: { address in code.contains { $0.holds(address) } },
            codeBefore: codeOfFunction)
        var (returns, stackPointer, end) = unwinder.callers(of: report)
        if returns.isEmpty, end == .unknown, let caller = report.register("RA"), caller > 1 { returns = [caller] }
        let known = returns.map { Address(pc: $0, isReturn: true) }
        return end == .complete ? known : known + guesses(report, above: stackPointer, besides: Set(returns))
    }

    private func guesses(_ report: PanicReport, above stackPointer: UInt32, besides known: Set<UInt32>) -> [Address] {
        var found: [Address] = []
        for word in report.stack where found.count < Self.mostGuesses && word.address >= stackPointer {
            guard word.value > 1, !known.contains(word.value), followsCall(word.value) else { continue }
            found.append(Address(pc: word.value, isGuess: true, isReturn: true))
        }
        return found
    }

    private var callFrames: CallFrameTable {
        CallFrameTable(
            elf.sections.filter { $0.name == ".debug_frame" || $0.name == ".eh_frame" }.filter { $0.flags & 0x800 == 0 }
                .map {
                    CallFrameTable.Section(
                        bytes: (try? elf.contents(of: $0)) ?? [], address: $0.address,
                        isForExceptions: $0.name == ".eh_frame")
                })
    }

    /// The code of the function an address lies in, up to the address.
    private func codeOfFunction(before address: UInt32) -> ArraySlice<UInt8>? {
        guard let symbol = symbol(at: address), let section = code.first(where: { $0.holds(address) }),
            section.holds(symbol.value), let contents = try? elf.contents(of: section)
        else { return nil }
        let start = contents.startIndex + Int(symbol.value - section.address)
        let end = contents.startIndex + Int(address - section.address)
        guard start <= end, end <= contents.endIndex else { return nil }
        return contents[start..<end]
    }

    /// Whether the instruction before is a RISC-V call: JAL or JALR with rd = ra, C.JAL, C.JALR (RISC-V ISA manual,
    /// RV32I base and C extension encodings).
    private func followsCall(_ address: UInt32) -> Bool {
        guard address & 1 == 0, let bytes = bytes(before: address) else { return false }
        let short = UInt16(bytes[2]) | UInt16(bytes[3]) << 8
        let long = UInt32(bytes[0]) | UInt32(bytes[1]) << 8 | UInt32(short) << 16
        let jumps = long & 0x7F == 0x6F || long & 0x707F == 0x67
        if jumps, long >> 7 & 31 == 1 { return true }
        return short & 0xE003 == 0x2001 || short & 0xF07F == 0x9002 && short >> 7 & 31 != 0
    }

    /// The four bytes before an address of the code.
    private func bytes(before address: UInt32) -> [UInt8]? {
        guard let section = code.first(where: { $0.holds(address) }), address - section.address >= 4,
            let contents = try? elf.contents(of: section)
        else { return nil }
        let end = contents.startIndex + Int(address - section.address)
        guard end <= contents.endIndex else { return nil }
        return Array(contents[end - 4..<end])
    }

    private func function(at address: UInt32) -> String? {
        symbol(at: address).map { MangledName.readable($0.name) }
    }

    private func symbol(at address: UInt32) -> ELFFile.Symbol? {
        var low = 0, high = functions.count
        while low < high {
            let middle = (low + high) / 2
            if functions[middle].value <= address { low = middle + 1 } else { high = middle }
        }
        // Several names may begin at one address; those with a type come first there.
        guard low > 0, code.contains(where: { $0.holds(address) }) else { return nil }
        let value = functions[low - 1].value
        var index = low - 1
        while index > 0, functions[index - 1].value == value { index -= 1 }
        let symbol = functions[index]
        return symbol.size > 0 && address - symbol.value >= symbol.size ? nil : symbol
    }

    private var debugSections: DebugInfoSections {
        // SHF_COMPRESSED, 0x800: such a section would have to be inflated first.
        func section(_ name: String) -> ArraySlice<UInt8> {
            guard let found = elf.sections.first(where: { $0.name == name && $0.flags & 0x800 == 0 }) else { return [] }
            return (try? elf.contents(of: found)) ?? []
        }
        return DebugInfoSections(
            info: section(".debug_info"), abbreviations: section(".debug_abbrev"), addresses: section(".debug_addr"),
            ranges: section(".debug_ranges"), rangeLists: section(".debug_rnglists"),
            stringOffsets: section(".debug_str_offsets"),
            line: DebugLineSections(
                line: section(".debug_line"), lineStrings: section(".debug_line_str"), strings: section(".debug_str")))
    }
}

extension ELFFile.Section {
    /// Whether an address lies in it.
    fileprivate func holds(_ address: UInt32) -> Bool {
        address >= self.address && Int(address - self.address) < size
    }
}
