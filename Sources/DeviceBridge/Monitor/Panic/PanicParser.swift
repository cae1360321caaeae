// Collects a panic dump from wherever it starts: its first line, the registers, the backtrace. Lines may be cut, glued
// or missing, the head may be damaged, other text may stand between. Source: the panic handlers of ESP-IDF 3 to 6
// (panic.c, panic_arch.c), whose spacing changed over the years.

/// Makes panic reports out of lines.
struct PanicParser: Equatable, Sendable {
    private var open: PanicReport? { didSet { isOpen = open != nil } }
    /// Whether a dump is being read.
    private(set) var isOpen = false
    private var linesSinceUseful = 0
    private var inOtherCore = false
    private var dumps = 0
    private var inBacktrace = false
    /// The task watchdog announced that it prints where the processors are; that is no panic.
    private var watchdogTraces = false
    /// A dump ends when so many lines in a row were no part of one; hosts put decoded addresses between.
    private static let patience = 24

    /// Takes a line; the report that is complete now.
    mutating func take(_ line: MonitorLine) -> PanicReport? {
        var done: PanicReport?
        if line.bytes.holds("task_wdt: Print CPU") { watchdogTraces = true }
        if let opening = Self.opening(line) {
            watchdogTraces = false
            if continues(opening) { merge(opening) } else { done = finish(); open = opening }
            linesSinceUseful = 0
            inBacktrace = false
            return done
        }
        if readDetails(line) {
            linesSinceUseful = 0
        } else if open != nil {
            linesSinceUseful += 1
            let text = line.bytes
            if text.holds("Rebooting") || text.holds("CPU halted") || linesSinceUseful > Self.patience {
                done = finish()
            }
        }
        return done
    }

    /// The board was reset or the stream ended: what there is, is all.
    mutating func finish() -> PanicReport? {
        defer {
            open = nil
            linesSinceUseful = 0
            inOtherCore = false
            inBacktrace = false
            watchdogTraces = false
            dumps = 0
        }
        guard var report = open else { return nil }
        if report.cause == nil {
            report.cause =
                report.register("EXCCAUSE").flatMap(PanicCause.xtensa)
                ?? report.register("MCAUSE").flatMap(PanicCause.riscv)
        }
        return report
    }

    /// An abort or a task watchdog prints its own line and then the handler's.
    private func continues(_ opening: PanicReport) -> Bool {
        guard let open else { return false }
        return open.registers.isEmpty && open.backtrace.isEmpty || opening.kind == .trace
    }

    private mutating func merge(_ opening: PanicReport) {
        guard var report = open else { return }
        if report.kind == .trace { report.kind = opening.kind }
        report.cause = report.cause ?? opening.cause
        report.core = report.core ?? opening.core
        report.abortPC = report.abortPC ?? opening.abortPC
        report.assertion = report.assertion ?? opening.assertion
        open = report
    }

    private static func opening(_ line: MonitorLine) -> PanicReport? {
        let bytes = line.bytes
        if let start = bytes.position(of: "panic'ed") {
            var report = PanicReport(kind: .panic, line: line)
            let digits = bytes[max(0, start - 4)..<start].filter(\.isDigit)
            report.core = Int(String(decoding: digits, as: UTF8.self))
            report.cause = parenthesised(bytes, from: start)
            return report
        }
        if let start = bytes.position(of: "Guru Meditation Error of type ") {
            // ESP-IDF before 3.0: "... of type LoadProhibited occurred on core  1."
            var report = PanicReport(kind: .panic, line: line)
            let rest = String(decoding: bytes[(start + 30)...], as: UTF8.self)
            report.cause =
                rest.firstPosition(of: " occurred").map { String(rest[..<$0].dropLast(9)) } ?? rest.shortened(to: 80)
            report.core = number(after: "on core", in: bytes)
            return report
        }
        if bytes.holds("Guru Meditation") { return PanicReport(kind: .panic, line: line) }
        if let start = bytes.position(of: "Fatal exception (") {
            // The ROM's own handler: "Fatal exception (28): LoadProhibited".
            var report = PanicReport(kind: .panic, line: line)
            var scan = ByteScanner(bytes, at: start + 17)
            if let number = scan.decimal() { report.cause = PanicCause.xtensa(UInt32(clamping: number)) }
            return report
        }
        if let report = foreign(line) { return report }
        if let start = bytes.position(of: "abort() was called") {
            var report = PanicReport(kind: .abort, line: line)
            report.abortPC = value(after: "PC", in: bytes, from: start)
            if let core = bytes.position(of: "on core", from: start) {
                var scan = ByteScanner(bytes, at: core + 7)
                scan.skipSpaces()
                report.core = scan.decimal()
            }
            return report
        }
        if let start = bytes.position(of: "assert failed:") ?? failedAssertion(bytes) {
            var report = PanicReport(kind: .abort, line: line)
            report.assertion = String(decoding: bytes[start...], as: UTF8.self)
            return report
        }
        return nil
    }

    /// Exceptions as other systems on these chips report them: Zephyr ("** CPU 0 EXCCAUSE 28 (load prohibited)"), the
    /// ESP8266's ("Exception (28):", "Fatal exception 28(LoadProhibitedCause)"), Rust's esp-backtrace ("Exception
    /// 'Load access fault' mepc=0x...", "panicked at src/main.rs").
    private static func foreign(_ line: MonitorLine) -> PanicReport? {
        let bytes = line.bytes
        var report = PanicReport(kind: .panic, line: line)
        if let start = bytes.position(of: "** CPU"), let cause = bytes.position(of: "EXCCAUSE", from: start) {
            report.core = number(after: "** CPU", in: bytes)
            report.cause = parenthesised(bytes, from: cause)
            return report
        }
        if let start = bytes.position(of: "Fatal exception "), bytes[start...].contains(0x28) {
            report.cause = parenthesised(bytes, from: start)
            if report.cause?.utf8.allSatisfy(\.isDigit) == true { return nil }
            return report
        }
        var scan = ByteScanner(bytes)
        scan.skipSpaces()
        if scan.take("Exception (") {
            guard let number = scan.decimal(), scan.take(")") else { return nil }
            report.cause = PanicCause.xtensa(UInt32(clamping: number))
            return report
        }
        if scan.take("Exception '") {
            let name = scan.rest.prefix { $0 != "'" }
            guard scan.rest.contains("mepc") || scan.rest.contains("' ") else { return nil }
            report.cause = String(name.prefix(80))
            return report
        }
        if let start = bytes.position(of: "panicked at ") {
            report.kind = .abort
            report.assertion = String(decoding: bytes[start...], as: UTF8.self)
            return report
        }
        return nil
    }

    private static func number(after key: StaticString, in bytes: [UInt8]) -> Int? {
        guard let start = bytes.position(of: key) else { return nil }
        var scan = ByteScanner(bytes, at: start + key.utf8CodeUnitCount)
        scan.skipSpaces()
        return scan.decimal()
    }

    /// `assertion "e" failed: file "f", line n, function: f`, newlib's form.
    private static func failedAssertion(_ bytes: [UInt8]) -> Int? {
        guard let start = bytes.position(of: "assertion "), bytes.position(of: " failed: file", from: start) != nil
        else { return nil }
        return start
    }

    /// Reads what can stand on any line of a dump; false when there was nothing.
    private mutating func readDetails(_ line: MonitorLine) -> Bool {
        let bytes = line.bytes
        var useful = false
        if let dump = bytes.position(of: "register dump:") ?? bytes.position(of: "Register dump:") {
            dumps += 1
            inOtherCore = dumps > 1 || open?.registers.isEmpty == false
            begin(.panic, line)
            let digits = bytes[max(0, dump - 4)..<dump].filter(\.isDigit)
            if !inOtherCore, open?.core == nil { open?.core = Int(String(decoding: digits, as: UTF8.self)) }
            useful = true
        }
        var registers = Self.registers(bytes)
        if open != nil, bytes.holds("VADDR"), let pc = Self.value(after: "PC ", in: bytes, from: 0) {
            // Zephyr's: "**  PC 0x400d1234 VADDR 0x0"
            registers.append(.init(name: "PC", value: pc))
        }
        if !registers.isEmpty, open != nil || registers.count > 2 {
            begin(.panic, line)
            if !inOtherCore { add(registers, line) }
            useful = true
        }
        useful = readBacktrace(line) || useful
        if let task = Self.quoted(after: "Detected in task", in: bytes)
            ?? Self.quoted(after: "watchpoint triggered", in: bytes)
        {
            if open?.task == nil { open?.task = task }
            useful = true
        }
        if open != nil, let start = bytes.position(of: "ELF file SHA256:") {
            let digest = bytes[(start + 16)...].drop { $0 == 0x20 }.prefix { $0.hexDigit != nil }
            if digest.contains(where: { $0 != 0x30 }) { open?.elfDigest = String(decoding: digest, as: UTF8.self) }
            useful = true
        }
        if let words = Self.stackWords(bytes), open != nil {
            if let room = open.map({ 4096 - $0.stack.count }), room > 0 { open?.stack += words.prefix(room) }
            useful = true
        }
        return useful
    }

    private mutating func begin(_ wanted: PanicReport.Kind, _ line: MonitorLine) {
        let kind = watchdogTraces ? .trace : wanted
        if open == nil { open = PanicReport(kind: kind, line: line) }
        if open?.kind == .trace { open?.kind = kind }
    }

    private mutating func add(_ registers: [PanicReport.Register], _ line: MonitorLine) {
        if registers.contains(where: { $0.name == "PC" || $0.name == "MEPC" }) { note(line) }
        for register in registers where open?.register(register.name) == nil { open?.registers.append(register) }
    }

    private mutating func note(_ line: MonitorLine) {
        if let count = open?.evidence.count, count < 3 {
            open?.evidence.append(.init(line: line.number, text: line.text.shortened(to: 200)))
        }
    }

    private mutating func readBacktrace(_ line: MonitorLine) -> Bool {
        var frames: [PanicReport.Frame]
        if open != nil, let start = line.bytes.position(of: "Guessed callers") {
            open?.guessedFrames = Array(Self.frames(line.bytes, from: start).prefix(64))
            inBacktrace = false
            return true
        }
        if let start = line.bytes.position(of: "Backtrace:") {
            if inOtherCore || open?.backtrace.isEmpty == false { return true }
            if open == nil { open = PanicReport(kind: .trace, line: line) }
            inBacktrace = true
            note(line)
            frames = Self.frames(line.bytes, from: start + 10)
        } else {
            // A wrapped backtrace goes on with nothing but pairs.
            guard inBacktrace, open != nil else { return false }
            frames = Self.frames(line.bytes, from: 0)
            let foreign = line.bytes.contains { !($0.hexDigit != nil || $0 == 0x20 || $0 == 0x3A || $0 | 0x20 == 0x78) }
            if frames.isEmpty || foreign {
                if !line.bytes.isEmpty { inBacktrace = false }
                return false
            }
        }
        frames = Array(frames.prefix(256 - min(256, open?.backtrace.count ?? 0)))
        open?.backtrace += frames
        if line.bytes.holds("CORRUPTED") { open?.backtraceIsCorrupted = true }
        return true
    }

    /// `PC      : 0x400d2d5c  PS      : 0x00060a30 ...`, and the ROM's `epc1=0x400d0000`.
    static func registers(_ bytes: [UInt8]) -> [PanicReport.Register] {
        var found: [PanicReport.Register] = []
        var from = 0
        while let at = bytes.position(of: "0x", from: from) {
            from = at + 2
            var scan = ByteScanner(bytes, at: at)
            guard let value = scan.hexadecimal(), scan.at - at == 10 else { continue }
            from = scan.at
            var end = at
            while end > 0, bytes[end - 1] == 0x20 { end -= 1 }
            guard end > 0, bytes[end - 1] == 0x3A || bytes[end - 1] == 0x3D else { continue }
            end -= 1
            while end > 0, bytes[end - 1] == 0x20 { end -= 1 }
            var start = end
            while start > 0, bytes[start - 1].isLetter || bytes[start - 1].isDigit || bytes[start - 1] == 0x2F {
                start -= 1
            }
            if end - start <= 8, let name = names[packed(bytes[start..<end])] {
                found.append(.init(name: name, value: value))
            }
        }
        return found
    }

    /// The names by their packed bytes.
    private static let names: [UInt64: String] = {
        var names: Set<String> = [
            "PC", "PS", "SAR", "EXCCAUSE", "EXCVADDR", "LBEG", "LEND", "LCOUNT", "DEPC", "MEPC", "RA", "SP", "GP", "TP",
            "S0/FP", "MSTATUS", "MTVEC", "MCAUSE", "MTVAL", "MHARTID",
        ]
        for number in 0..<16 { names.insert("A\(number)") }
        for number in 0..<12 { names.insert("S\(number)") }
        for number in 0..<7 { names.insert("T\(number)") }
        for number in 1..<8 { names.insert("EPC\(number)") }
        return Dictionary(uniqueKeysWithValues: names.map { (packed($0.utf8), $0) })
    }()

    /// Up to eight bytes, letters made capital, as one number.
    private static func packed(_ name: some Sequence<UInt8>) -> UInt64 {
        name.reduce(0) { $0 << 8 | UInt64($1.uppercase) }
    }

    /// `0xPC:0xSP` pairs, also glued to each other as some versions print them: eight digits each.
    static func frames(_ bytes: [UInt8], from start: Int) -> [PanicReport.Frame] {
        var frames: [PanicReport.Frame] = []
        var scan = ByteScanner(bytes, at: start)
        while !scan.isAtEnd {
            if let pc = scan.hexadecimal() {
                if scan.take(":"), let stackPointer = scan.hexadecimal() {
                    frames.append(.init(pc: pc, stackPointer: stackPointer))
                }
            } else {
                scan.at += 1
            }
        }
        return frames
    }

    /// `3fc9fd10: 0x00000000 0x3fc9fd30 ...`
    private static func stackWords(_ bytes: [UInt8]) -> [PanicReport.StackWord]? {
        var scan = ByteScanner(bytes)
        scan.skipSpaces()
        let start = scan.at
        var address: UInt32 = 0
        while scan.at - start < 8, let digit = scan.peek()?.hexDigit {
            address = address << 4 | UInt32(digit)
            scan.at += 1
        }
        guard scan.at - start == 8, scan.take(": ") else { return nil }
        var words: [PanicReport.StackWord] = []
        scan.skipSpaces()
        while let value = scan.hexadecimal() {
            words.append(.init(address: address, value: value))
            address &+= 4
            scan.skipSpaces()
        }
        return words.isEmpty ? nil : words
    }

    private static func parenthesised(_ bytes: [UInt8], from start: Int) -> String? {
        guard let open = bytes[start...].firstIndex(of: 0x28) else { return nil }
        var depth = 0
        for index in open..<min(bytes.count, open + 120) {
            if bytes[index] == 0x28 { depth += 1 }
            if bytes[index] == 0x29 { depth -= 1 }
            if depth == 0 { return String(decoding: bytes[(open + 1)..<index], as: UTF8.self) }
        }
        return String(decoding: bytes[(open + 1)...].prefix(120), as: UTF8.self)
    }

    /// The word in quotes or parentheses after a key: `Detected in task "main"`, `triggered (main)`.
    private static func quoted(after key: StaticString, in bytes: [UInt8]) -> String? {
        guard let start = bytes.position(of: key) else { return nil }
        let rest = bytes[(start + key.utf8CodeUnitCount)...].drop { $0 == 0x20 || $0 == 0x22 || $0 == 0x28 }
        let name = rest.prefix { $0 != 0x22 && $0 != 0x29 }
        return name.isEmpty ? nil : String(decoding: name.prefix(32), as: UTF8.self).trimmedSpaces
    }

    private static func value(after key: StaticString, in bytes: [UInt8], from start: Int) -> UInt32? {
        guard let at = bytes.position(of: key, from: start) else { return nil }
        var scan = ByteScanner(bytes, at: at + key.utf8CodeUnitCount)
        scan.skipSpaces()
        return scan.hexadecimal()
    }
}

extension UInt8 {
    /// The byte with small ASCII letters made capital.
    var uppercase: UInt8 { (0x61...0x7A).contains(self) ? self & 0xDF : self }
}

extension String {
    /// Without spaces at both ends.
    var trimmedSpaces: String { String(self[...].trimmed) }
}
