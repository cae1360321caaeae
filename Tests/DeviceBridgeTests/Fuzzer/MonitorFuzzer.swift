// A harness for libFuzzer over the monitor's whole pipeline (`make fuzz`): the input comes in one piece and cut at a
// place of its own choosing, and both must give the same events, none of them with anything that a terminal obeys. A
// third time nobody wants the lines, which has readers of its own, and all else must be the same.
// It is compiled together with the monitor's sources, without the rest of the package.

/// Takes one input; anything wrong ends the program.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 1 else { return 0 }
    let bytes = UnsafeBufferPointer(start: start + 1, count: count - 1)
    let whole = hear([bytes])
    let cut = Int(start[0]) % max(1, bytes.count)
    let parts = [
        UnsafeBufferPointer(rebasing: bytes[..<cut]), UnsafeBufferPointer(rebasing: bytes[cut...]),
    ]
    precondition(whole == hear(parts), "events depend on how the bytes were cut")
    let brief = whole.filter { event in
        switch event {
        case .line, .sketch: false
        case .partial, .boot, .inference, .panic, .diagnosis: true
        }
    }
    precondition(brief == hear(parts, tellsLines: false), "events depend on whether lines are wanted")
    for event in whole {
        switch event {
        case .line(let line): check(line.text)
        case .partial(let text): check(text)
        case .diagnosis(let diagnosis):
            check(diagnosis.hint)
            for line in diagnosis.evidence { check(line.text) }
        case .inference(let inference):
            inference.tokens.forEach(check)
            var json: [UInt8] = []
            _ = inference.writeInputsAsJSON(to: &json)
            precondition(json.isEmpty || (json.count - 1) / 2 >= (inference.inputs ?? []).count, "an input is lost")
        case .panic(let panic):
            check(panic.cause ?? "")
            check(panic.task ?? "")
        case .boot(let boot): check(boot.reset + boot.mode)
        case .sketch(let report): report.fields.forEach { check($0.key + $0.value) }
        }
    }
    return 0
}

private func hear(_ parts: [UnsafeBufferPointer<UInt8>], tellsLines: Bool = true) -> [MonitorEvent] {
    var machine = MonitorMachine(
        MonitorConfiguration(labels: ["mask", "no_mask"], arena: 1300, tellsLines: tellsLines))
    var events: [MonitorEvent] = []
    for part in parts { events += machine.received(part, at: 1) }
    return events + machine.finished()
}

private func check(_ text: String) {
    for scalar in text.unicodeScalars {
        let isControl = scalar.value < 0x20 && scalar != "\t" || (0x7F..<0xA0).contains(scalar.value)
        precondition(!isControl, "a control character came through")
    }
}
