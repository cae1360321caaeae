// Crashes that say what they are in one line; the dumps are PanicParser's. Source: ESP-IDF esp_system (task_wdt.c,
// int_wdt.c, panic.c).

enum CrashRules {
    static let rules: [DiagnosisRule] = [
        DiagnosisRule(.taskWatchdog, "Task watchdog got triggered", .warning, judge: notFatal),
        DiagnosisRule(.taskWatchdog, "task_wdt: Aborting", judge: fatal),
        DiagnosisRule(.interruptWatchdog, "Interrupt wdt timeout on CPU<core:int>"),
        DiagnosisRule(.cacheDisabledAccess, "Cache disabled but cached memory region accessed"),
        DiagnosisRule(.cacheDisabledAccess, "Cache error detected", weak: true),
        DiagnosisRule(.downloadMode, "waiting for download", .info),
    ]

    @Sendable private static func notFatal(_ finding: inout Finding) -> Bool {
        finding.details["fatal"] = .flag(false)
        return true
    }

    @Sendable private static func fatal(_ finding: inout Finding) -> Bool {
        finding.details["fatal"] = .flag(true)
        return true
    }
}
