// Runs a monitor machine over text, the way the tests of this folder need it.

import DeviceBridge

/// A log in some cutting, as events.
func monitor(
    _ bytes: [UInt8], pieces: Int = 0, _ configuration: MonitorConfiguration = MonitorConfiguration()
) -> (events: [MonitorEvent], diagnoses: [Diagnosis]) {
    var machine = MonitorMachine(configuration)
    var events: [MonitorEvent] = []
    if pieces == 0 {
        events += machine.received(bytes, at: 1)
    } else {
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            events += machine.received(bytes[start..<min(start + pieces, bytes.count)], at: 1)
        }
    }
    events += machine.finished()
    return (events, machine.diagnoses)
}

/// Lines joined as a board ends them.
func monitor(_ lines: String..., configuration: MonitorConfiguration = MonitorConfiguration()) -> (
    events: [MonitorEvent], diagnoses: [Diagnosis]
) {
    monitor(Array((lines.joined(separator: "\r\n") + "\r\n").utf8), configuration)
}

extension [MonitorEvent] {
    var inferences: [InferenceEvent] { compactMap { if case .inference(let event) = $0 { event } else { nil } } }
    var boots: [BootEvent] { compactMap { if case .boot(let event) = $0 { event } else { nil } } }
    var panics: [PanicReport] { compactMap { if case .panic(let report) = $0 { report } else { nil } } }
    var reports: [SketchReport] { compactMap { if case .sketch(let report) = $0 { report } else { nil } } }
    var lines: [String] { compactMap { if case .line(let line) = $0 { line.text } else { nil } } }
    var announced: [String] { compactMap { if case .diagnosis(let found) = $0 { found.code.rawValue } else { nil } } }
}

/// Text made for these tests in the formats of the chips and their firmware.
enum SampleLog {
    static let banner = """
        ets Jul 29 2019 12:21:46

        rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)
        configsip: 0, SPIWP:0xee
        clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00
        mode:DIO, clock div:2
        load:0x3fff0030,len:1184
        load:0x40078000,len:13232
        load:0x40080400,len:3028
        entry 0x400805e4
        """

    static let healthy =
        banner + """

            espmask: model=mask_cnn_10 slot=A bytes=3232 crc32=1a2b3c4d
            espmask: arena=1300 used=1300
            espmask: ready
            -0.39,-0.06,0.61,0.52,
            predicting...
            predicted: 0.47
            espmask: n=1 out=3ef0a3d7 us=812
            espmask: ready
            0.10,0.20,0.30,0.40,
            predicting...
            predicted: 0.91
            espmask: n=2 out=3f68f5c3 us=810
            espmask: ready
            """

    static let xtensaPanic = """
        Guru Meditation Error: Core  1 panic'ed (LoadProhibited). Exception was unhandled.

        Core  1 register dump:
        PC      : 0x400d1234  PS      : 0x00060630  A0      : 0x800d5678  A1      : 0x3ffb2230
        A2      : 0x00000000  A3      : 0x00000001  A4      : 0x00000002  A5      : 0x00000003
        A6      : 0x00000000  A7      : 0x00000000  A8      : 0x800d1230  A9      : 0x3ffb2210
        A10     : 0x00000000  A11     : 0x00000000  A12     : 0x00000000  A13     : 0x00000000
        A14     : 0x00000000  A15     : 0x00000000  SAR     : 0x0000001b  EXCCAUSE: 0x0000001c
        EXCVADDR: 0x0000000c  LBEG    : 0x40086495  LEND    : 0x400864a5  LCOUNT  : 0xffffffff

        Backtrace: 0x400d1231:0x3ffb2230 0x400d5675:0x3ffb2250 0x400d9a12:0x3ffb2270

        ELF file SHA256: 8f3a9c01d2e4b576

        Rebooting...
        """

    static let riscvPanic = """
        Guru Meditation Error: Core  0 panic'ed (Store access fault). Exception was unhandled.

        Core  0 register dump:
        MEPC    : 0x42007a1c  RA      : 0x42007a0e  SP      : 0x3fc91e30  GP      : 0x3fc8b200
        TP      : 0x3fc7f3a4  T0      : 0x4005890e  T1      : 0x00000000  T2      : 0x00000000
        S0/FP   : 0x00000001  S1      : 0x00000002  A0      : 0x00000000  A1      : 0x3c020000
        MSTATUS : 0x00001881  MTVEC   : 0x40380001  MCAUSE  : 0x00000007  MTVAL   : 0x00000010
        MHARTID : 0x00000000

        Stack memory:
        3fc91e30: 0x00000000 0x3fc91e50 0x42007a90 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000
        3fc91e50: 0x00000000 0x00000000 0x42008000 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000

        Rebooting...
        """
}
