// The entry point that libFuzzer calls (`make fuzz`); ESPMASK_FUZZ names the target. Built with -sanitize=fuzzer only, and
// never by default. The package manager wants a program's entry to be called Fuzz_main, so libFuzzer's driver is called
// from there and its own main is left out.

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

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Where the program starts.
@_cdecl("Fuzz_main")
public func start(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var (count, arguments) = (count, arguments)
    return runDriver(&count, &arguments, fuzzOneInput)
}
