// Panic dumps, whole, glued, cut and damaged.

import DeviceBridge
import Testing

@Suite("Panic dumps")
struct PanicTests {
    @Test("An Xtensa dump is read: cause, core, registers, backtrace, the firmware's digest")
    func xtensa() throws {
        let report = try #require(monitor(Array(SampleLog.xtensaPanic.utf8)).events.panics.first)
        #expect(report.kind == .panic)
        #expect(report.cause == "LoadProhibited")
        #expect(report.core == 1)
        #expect(report.registers.count == 24)
        #expect(report.pc == 0x400d_1234)
        #expect(report.faultAddress == 12)
        #expect(report.backtrace.map(\.pc) == [0x400d_1231, 0x400d_5675, 0x400d_9a12])
        #expect(report.backtrace.last?.stackPointer == 0x3ffb_2270)
        #expect(report.elfDigest == "8f3a9c01d2e4b576")
        #expect(!report.isRISCV)
    }

    @Test("A RISC-V dump is read: registers and stack words")
    func riscv() throws {
        let report = try #require(monitor(Array(SampleLog.riscvPanic.utf8)).events.panics.first)
        #expect(report.cause == "Store access fault")
        #expect(report.pc == 0x4200_7a1c)
        #expect(report.faultAddress == 16)
        #expect(report.stack.count == 16)
        #expect(report.stack.map(\.value)[2] == 0x4200_7a90)
        #expect(report.stack.map(\.address)[2] == 0x3fc9_1e38)
        #expect(report.isRISCV)
    }

    @Test("A dump on one line, cut anywhere, tells the same", arguments: [SampleLog.xtensaPanic, SampleLog.riscvPanic])
    func glued(log: String) throws {
        let whole = try #require(monitor(Array(log.utf8)).events.panics.first)
        let line = log.split(separator: "\n").joined(separator: " ")
        for pieces in [0, 1, 5] {
            let report = try #require(monitor(Array(line.utf8), pieces: pieces).events.panics.first)
            #expect(report.cause == whole.cause)
            #expect(report.registers == whole.registers)
            #expect(report.backtrace == whole.backtrace)
        }
    }

    @Test("A capture that begins in the middle of a dump still names the cause")
    func cutHead() throws {
        let tail = SampleLog.xtensaPanic.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(6).joined(
            separator: "\n")
        let found = monitor(Array(tail.utf8))
        #expect(found.events.panics.first?.cause == "LoadProhibited")
        #expect(found.diagnoses.first?.code == .panic)
    }

    @Test(
        "Damaged and old heads are read",
        arguments: [
            (
                "Guru Meditation`Error: Core  0 panic'ed (IllegalInstruction). Exception was unhandled.",
                "IllegalInstruction", 0
            ),
            ("Guru Meditation Error: Core  / panic'ed (LoadProhibited)", "LoadProhibited", nil),
            (
                "phy_init: phGuru Meditation Error: Core  1 panic'ed (Illegal instruction). Exception",
                "Illegal instruction", 1
            ),
            ("Guru Meditation Error: Core 0 panic'ed (Cache error (x))", "Cache error (x)", 0),
            ("Fatal exception (28): LoadProhibited", "LoadProhibited", nil),
            (
                "Guru Meditation Error of type StoreProhibited occurred on core  1. Exception was unhandled.",
                "StoreProhibited", 1
            ),
            ("E:  ** CPU 1 EXCCAUSE 28 (load prohibited)", "load prohibited", 1),
            ("Exception (29):", "StoreProhibited", nil),
            ("Fatal exception 28(LoadProhibitedCause):", "LoadProhibitedCause", nil),
            ("Exception 'Load access fault' mepc=0x42000c40, mtval=0x00000000", "Load access fault", nil),
        ] as [(String, String, Int?)])
    func heads(line: String, cause: String, core: Int?) {
        let report = monitor(line).events.panics.first
        #expect(report?.cause == cause)
        #expect(report?.core == core)
    }

    @Test("Backtraces are read glued, wrapped and corrupted")
    func backtraces() throws {
        let head = "abort() was called at PC 0x400d1111 on core 1\n\n"
        let glued = monitor(Array((head + "Backtrace:0x40083fa1:0x3ffb29800x4008ef49:0x3ffb29a0 |<-CORRUPTED\n").utf8))
            .events.panics
        #expect(glued.first?.backtrace.map(\.pc) == [0x4008_3fa1, 0x4008_ef49])
        #expect(glued.first?.backtraceIsCorrupted == true)
        let wrapped = monitor(
            Array((head + "Backtrace: 0x40083fa1:0x3ffb2980 0x4008ef49:0x3ffb29a0\n0x4008ef4c:0x3ffb29c0\nnext\n").utf8)
        ).events.panics
        #expect(wrapped.first?.backtrace.count == 3)
        #expect(wrapped.first?.abortPC == 0x400d_1111)
        #expect(wrapped.first?.core == 1)
    }

    @Test("The second core's dump does not overwrite the first's")
    func twoCores() {
        let log =
            "Guru Meditation Error: Core  0 panic'ed (Interrupt wdt timeout on CPU0)\nCore 0 register dump:\nPC      : 0x4003c961  PS      : 0x00060734  A0      : 0x800553c8\nBacktrace: 0x4003c961:0x3ffda0a0\nCore 1 register dump:\nPC      : 0x40083cae  PS      : 0x00060134  A0      : 0x80083996\nBacktrace: 0x40083cae:0x3ffca4a0\n"
        let found = monitor(Array(log.utf8))
        #expect(found.events.panics.count == 1)
        #expect(found.events.panics.first?.pc == 0x4003_c961)
        #expect(found.events.panics.first?.backtrace.count == 1)
        #expect(found.diagnoses.map(\.code) == [.interruptWatchdog])
        #expect(found.diagnoses.first?.details["core"] == .number(0))
    }

    @Test("A task watchdog that only prints where the processors are is no panic")
    func watchdogTrace() {
        let log = [
            "E (14333) task_wdt: Task watchdog got triggered. The following tasks did not reset the watchdog in time:",
            "E (14333) task_wdt:  - IDLE (CPU 0)", "E (14333) task_wdt: Tasks currently running:",
            "E (14333) task_wdt: CPU 0: main",
            "E (14333) task_wdt: Print CPU 0 (current core) registers dump",
            "Core  0 register dump:",
            "MEPC    : 0x42007a1c  RA      : 0x42007a0e  SP      : 0x3fc91e30  GP      : 0x3fc8b200",
            "", "Backtrace: 0x400e11f4:0x3ffb0a00 0x400832d5:0x3ffb0a20", "working", "working",
        ].joined(separator: "\n")
        let found = monitor(Array(log.utf8))
        #expect(found.diagnoses.map(\.code) == [.taskWatchdog])
        #expect(found.diagnoses.first?.severity == .warning)
        #expect(found.diagnoses.first?.details["fatal"] == .flag(false))
        #expect(found.events.panics.map(\.kind) == [.trace])
    }

    @Test("Decoded addresses between the lines of a dump do no harm")
    func hostNotes() throws {
        let noisy = SampleLog.xtensaPanic.split(separator: "\n", omittingEmptySubsequences: false).flatMap {
            [String($0), "0x400d1234: panic_abort at /esp/panic.c:402", "--- 0x400d5678: app_main at main.c:1", ""]
        }.joined(separator: "\n")
        let found = monitor(Array(noisy.utf8))
        #expect(found.events.panics.count == 1)
        #expect(found.diagnoses.map(\.code) == [.panic])
        #expect(found.diagnoses.first?.details["pc"] == .address(0x400d_1234))
    }
}
