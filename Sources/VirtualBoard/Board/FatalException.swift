// What the mask ROM's own exception vectors do with a program that has not set VECBASE: one report, then nothing until
// a watchdog bites. Other vectors of the ROM (window spills, interrupts) would run ROM code, which is not there.

/// The ROM's report of an exception.
enum FatalException {
    /// VECBASE as the ROM leaves it.
    static let vectorBase: UInt32 = 0x4000_0000
    // Kernel, user and double exception vectors of the LX6 as the chip configures it.
    static let vectors: Set<UInt32> = [vectorBase + 0x300, vectorBase + 0x340, vectorBase + 0x3C0]
    /// A level-1 interrupt goes through the same vector, but the ROM would dispatch it.
    static let levelOneInterrupt: UInt32 = 4

    // Xtensa ISA, table of exception causes, in the ROM's spelling.
    private static let names: [UInt32: String] = [
        0: "IllegalInstruction", 1: "Syscall", 2: "InstructionFetchError", 3: "LoadStoreError", 4: "Level1Interrupt",
        5: "Alloca", 6: "IntegerDivideByZero", 7: "PCValueError", 8: "Privileged", 9: "LoadStoreAlignment",
        12: "InstrPIFDataError", 13: "LoadStorePIFDataError", 14: "InstrPIFAddrError", 15: "LoadStorePIFAddrError",
        16: "InstTLBMiss", 17: "InstTLBMultiHit", 18: "InstFetchPrivilege", 20: "InstFetchProhibited",
        24: "LoadStoreTLBMiss", 25: "LoadStoreTLBMultiHit", 26: "LoadStorePrivilege", 28: "LoadProhibited",
        29: "StoreProhibited", 32: "Coprocessor0Disabled", 33: "Coprocessor1Disabled", 34: "Coprocessor2Disabled",
        35: "Coprocessor3Disabled", 36: "Coprocessor4Disabled", 37: "Coprocessor5Disabled", 38: "Coprocessor6Disabled",
        39: "Coprocessor7Disabled",
    ]

    /// The two lines; `counters` are EPC1 to EPC3.
    static func lines(cause: UInt32, counters: [UInt32], address: UInt32, doublePC: UInt32) -> [String] {
        let epcs = counters.enumerated().map { "epc\($0 + 1)=0x\(hex($1, digits: 8))" }
        return [
            "Fatal exception (\(cause)): \(names[cause] ?? "Reserved")",
            (epcs + ["excvaddr=0x\(hex(address, digits: 8))", "depc=0x\(hex(doublePC, digits: 8))"])
                .joined(separator: ", "),
        ]
    }
}
