// Findings out of what is read over several lines or said by our own sketches: panics and `espmask: error=`.

extension Finding {
    /// The finding of a panic; nil for a backtrace of firmware that went on.
    init?(_ report: PanicReport) {
        let code: DiagnosisCode
        switch report.kind {
        case .trace: return nil
        // The ROM gave up; why is said by the lines before.
        case .abort where report.assertion?.contains("ets_main.c") == true: return nil
        case .abort: code = .abort
        case .panic: code = Self.code(ofCause: report.cause ?? "", task: report.task)
        }
        self.init(code, .error, Diagnosis.Evidence(line: report.line, text: report.firstLine.shortened(to: 300)))
        evidence += report.evidence.filter { $0.line != report.line }
        if let cause = report.cause { details["cause"] = .text(cause) }
        if let pc = report.pc { details["pc"] = .address(pc) }
        if let core = report.core { details["core"] = .number(core) }
        if let task = report.task { details["task"] = .text(task) }
        if let assertion = report.assertion { details["assertion"] = .text(assertion.shortened(to: 200)) }
        let accesses = report.cause.map { cause in
            let bytes = Array(cause.utf8)
            return bytes.holds("Prohibited") || bytes.holds("access fault") || bytes.holds("LoadStore")
        }
        if accesses == true, let address = report.faultAddress { details["address"] = .address(address) }
        if report.backtraceIsCorrupted { details["backtrace_corrupted"] = .flag(true) }
    }

    /// Causes that have a name of their own among the codes.
    private static func code(ofCause cause: String, task: String?) -> DiagnosisCode {
        let cause = Array(cause.utf8).lowercased
        if cause.holds("interrupt wdt") { return .interruptWatchdog }
        if cause.holds("task watchdog") { return .taskWatchdog }
        if cause.holds("cache") { return .cacheDisabledAccess }
        if cause.holds("stack protection") || cause.holds("stack canary") { return .stackOverflow }
        // The watchpoint that FreeRTOS sets at a stack's end names the task.
        if cause.holds("debug exception"), task != nil { return .stackOverflow }
        return .panic
    }

    /// Puts the operator's name where our firmware said its code.
    mutating func nameOperator(of names: [String]) {
        guard code == .opMissing, let code = details["op"]?.number else { return }
        details["opcode"] = .number(code)
        details["op"] = names.indices.contains(code) ? .text(names[code]) : nil
    }

    /// What a sketch of ours reports with `espmask: error=CODE key=value ...`.
    static func reported(_ name: String, _ report: SketchReport, _ line: MonitorLine, isReady: Bool) -> Finding {
        let code = DiagnosisCode(rawValue: name)
        // A bad line from the host is answered and changes nothing.
        let severity: Diagnosis.Severity = code == .inputMismatch && isReady ? .warning : .error
        var finding = Finding(code ?? .firmwareError, severity, line)
        for (key, text) in report.fields where key != "error" {
            if text.hasPrefix("0x"), let address = UInt32(text.dropFirst(2), radix: 16) {
                finding.details[key] = .address(address)
            } else {
                finding.details[key] = .reading(text)
            }
        }
        if code == nil { finding.details["error"] = .text(name) }
        if code == .arenaTooSmall, let needed = finding.details["needed"]?.number {
            finding.details["suggested_arena"] = .number(ArenaRules.rounded(needed))
        }
        return finding
    }
}

extension Diagnosis {
    /// What tells two of one code apart.
    var identity: String {
        Finding(code, severity, Evidence(line: 0, text: ""), details: details).identity
    }
}
