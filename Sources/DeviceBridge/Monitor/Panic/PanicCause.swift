// The names of exception causes, for dumps whose head is missing. Sources: Xtensa ISA reference manual, table of
// EXCCAUSE values; RISC-V privileged architecture, table of mcause values; spelled as ESP-IDF's panic handler does.

enum PanicCause {
    /// The name of an EXCCAUSE value; nil for those that no fault has.
    static func xtensa(_ number: UInt32) -> String? {
        switch number {
        case 0: "IllegalInstruction"
        case 2: "InstructionFetchError"
        case 3: "LoadStoreError"
        case 6: "IntegerDivideByZero"
        case 8: "Privileged"
        case 9: "LoadStoreAlignment"
        case 12: "InstrPDAddrError"
        case 13: "LoadStorePIFDataError"
        case 14: "InstrPIFAddrError"
        case 15: "LoadStorePIFAddrError"
        case 16: "InstTLBMiss"
        case 17: "InstTLBMultiHit"
        case 18: "InstFetchPrivilege"
        case 20: "InstrFetchProhibited"
        case 24: "LoadStoreTLBMiss"
        case 25: "LoadStoreTLBMultihit"
        case 26: "LoadStorePrivilege"
        case 28: "LoadProhibited"
        case 29: "StoreProhibited"
        case 32...39: "Coprocessor exception"
        case _: nil
        }
    }

    /// The name of an mcause value without the interrupt bit.
    static func riscv(_ number: UInt32) -> String? {
        switch number {
        case 0: "Instruction address misaligned"
        case 1: "Instruction access fault"
        case 2: "Illegal instruction"
        case 3: "Breakpoint"
        case 4: "Load address misaligned"
        case 5: "Load access fault"
        case 6: "Store address misaligned"
        case 7: "Store access fault"
        case _: nil
        }
    }
}
