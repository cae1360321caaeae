// The entry point that libFuzzer calls (`make fuzz`); ESPMASK_FUZZ names the target. Built with -sanitize=fuzzer only, and
// never by default: libFuzzer brings a main of its own.

import FuzzTargets

#if canImport(Glibc)
    import Glibc
#endif

private let target: FuzzTarget = {
    let name = getenv("ESPMASK_FUZZ").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else { fatalError("ESPMASK_FUZZ names no target: '\(name)'") }
    return target
}()

/// Called with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
