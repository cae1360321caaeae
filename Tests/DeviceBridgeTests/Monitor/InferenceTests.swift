// Predictions out of the lines around them.

import DeviceBridge
import TestSupport
import Testing

@Suite("Predictions in a board's output")
struct InferenceTests {
    @Test("A prediction takes the dump above it, and the bits and the time below it")
    func workshopCycle() throws {
        let events = monitor(Array(SampleLog.healthy.utf8)).events
        let found = events.inferences
        #expect(found.count == 2)
        let first = try #require(found.first)
        #expect(first.index == 0)
        #expect(first.token == "0.47")
        #expect(first.value == 0.47)
        #expect(first.inputs == [-0.39, -0.06, 0.61, 0.52])
        #expect(first.bits == ["3ef0a3d7"])
        #expect(first.microseconds == 812)
        #expect(found.last?.inputs == [0.10, 0.20, 0.30, 0.40])
        // One event, after the line that carries the bits.
        let order = events.compactMap { event -> String? in
            switch event {
            case .inference: "inference"
            case .line(let line)
            where line.text.hasPrefix("predicted") || line.text.contains(" us=") || line.text.hasPrefix("0.10"):
                line.text
            case .line, .partial, .boot, .sketch, .panic, .diagnosis: nil
            }
        }
        #expect(order.prefix(3) == ["predicted: 0.47", "inference", "espmask: n=1 out=3ef0a3d7 us=812"])
    }

    @Test("The sketch's own lines become values")
    func sketchReports() {
        let kinds = monitor(Array(SampleLog.healthy.utf8)).events.reports.map(\.kind)
        #expect(kinds.first == .model(name: "mask_cnn_10", slot: "A", bytes: 3232, crc32: "1a2b3c4d"))
        #expect(kinds.dropFirst().first == .arena(bytes: 1300, used: 1300))
        #expect(kinds.filter { $0 == .ready }.count == 3)
        #expect(kinds.contains(.result(count: 2, bits: ["3f68f5c3"], microseconds: 810)))
    }

    private struct Case: Sendable, CustomTestStringConvertible {
        var log: String
        var tokens: [[String]]
        var inputs: [[Double]?]
        var labels: [String?] = []
        var testDescription: String { log }
    }

    private static let cases: [Case] = [
        Case(log: "predicted: 0.47", tokens: [["0.47"]], inputs: [nil]),
        Case(log: "prediction: 0.76\nprediction: 0.77", tokens: [["0.76"], ["0.77"]], inputs: [nil, nil]),
        Case(log: "predicted: 0.10,0.90", tokens: [["0.10", "0.90"]], inputs: [nil]),
        Case(log: "predicted:0.10, 0.90,", tokens: [["0.10", "0.90"]], inputs: [nil]),
        Case(log: "[I][main:12]: Prediction: 1.5e-3", tokens: [["1.5e-3"]], inputs: [nil]),
        Case(log: "sin(0.52) = 0.50\t predicted: 0.49", tokens: [["0.49"]], inputs: [nil]),
        Case(
            log: "predicted: nan\npredicted: -nan\npredicted: inf\npredicted: ovf",
            tokens: [["nan"], ["-nan"], ["inf"], ["ovf"]], inputs: [nil, nil, nil, nil]),
        Case(log: "predicted: mask\npredicting...\nnot_predicted: 3", tokens: [], inputs: []),
        // The dump before counts, the one after does not; one that was used is gone.
        Case(
            log: "predicted: 0.1\n1,2,3,4,\npredicting...\npredicted: 0.2\npredicted: 0.3\n5,6,7,8,\n",
            tokens: [["0.1"], ["0.2"], ["0.3"]], inputs: [nil, [1, 2, 3, 4], nil]),
        Case(
            log: "onDataCallback(0x3ffe3a84, 4)157,50,0,255,\npredicting...\nprediction: 0.76", tokens: [["0.76"]],
            inputs: [[157, 50, 0, 255]]),
        Case(
            log: "onDataCallback(0x3ffe3a84, 9)onDataCallback(0x3ffe3a90, 4)1,2,3,4,\nprediction: 0.7",
            tokens: [["0.7"]], inputs: [[1, 2, 3, 4]]),
        // A reset throws the dump away; a prediction that it cut is none.
        Case(log: "1,2,3,4,\nrst:0xc (SW_CPU_RESET),boot:0x13 (X)\npredicted: 0.5", tokens: [["0.5"]], inputs: [nil]),
        Case(
            log: "predicted: 0.ets Jul 29 2019 12:21:46\nrst:0xc (SW_CPU_RESET),boot:0x13 (X)", tokens: [], inputs: []),
        Case(
            log: "person score:-41 no person score 41", tokens: [["-41", "41"]], inputs: [nil], labels: ["no person"]),
        Case(
            log: "no person: Person score: 52 No person score: 239", tokens: [["52", "239"]], inputs: [nil],
            labels: ["no person"]),
        Case(
            log: "\t > Person score: 149\n\t > Not person score: 76", tokens: [["149", "76"]], inputs: [nil],
            labels: ["person"]),
        Case(log: "x_value: 1.57, y_value: 0.99", tokens: [["0.99"]], inputs: [[1.57]]),
        Case(log: "x_value: 1.0*2^-1, y_value: 1.5*2^-2", tokens: [["1.5*2^-2"]], inputs: [[0.5]]),
        Case(log: "Heard yes (201) @1200ms", tokens: [["201"]], inputs: [nil], labels: ["yes"]),
        Case(
            log:
                "Predictions (DSP: 5 ms., Classification: 1 ms., Anomaly: 0 ms.): \n    mask: 0.99609\n    no mask: 0.00391\nStarting",
            tokens: [["0.99609", "0.00391"]], inputs: [nil], labels: ["mask"]),
        Case(
            log: "It took 4 ms to run inference\n0.10,0.70,0.10,0.10\nPredicted Class :1",
            tokens: [["0.10", "0.70", "0.10", "0.10"]], inputs: [nil], labels: ["1"]),
        Case(
            log: "I (12) app: 1,2,3,4\n[I][main:7]: predicted: 0.5", tokens: [["0.5"]], inputs: [[1, 2, 3, 4]]),
        Case(log: "Humidity: 40, temperature: 21", tokens: [], inputs: []),
    ]

    @Test("Every way of printing a prediction is read, however the bytes are cut", arguments: cases)
    private func formats(sample: Case) {
        for pieces in [0, 1, 3, 7] {
            let found = monitor(Array(sample.log.utf8), pieces: pieces).events.inferences
            #expect(found.map(\.tokens) == sample.tokens)
            #expect(found.map(\.inputs) == sample.inputs)
            if !sample.labels.isEmpty { #expect(found.map(\.label) == sample.labels) }
            #expect(found.map(\.index) == Array(found.indices))
        }
    }

    @Test("What is no finite number has no value and keeps its word")
    func oddNumbers() {
        for event in monitor("predicted: nan", "predicted: ovf", "predicted: -inf", "predicted: 0.5,nan").events
            .inferences.dropLast()
        {
            #expect(event.value == nil)
        }
        #expect(monitor("predicted: 0.5,nan").events.inferences.first?.values == [0.5, nil])
    }

    @Test("Labels are chosen by threshold for one output, else by the largest")
    func labels() {
        let two = MonitorConfiguration(labels: ["mask", "no_mask"], threshold: 0.5)
        let single = monitor("predicted: 0.49", "predicted: 0.50", "predicted: nan", configuration: two).events
            .inferences
        #expect(single.map(\.label) == ["mask", "no_mask", nil])
        let pair = monitor("predicted: 0.90,0.10", configuration: two).events.inferences
        #expect(pair.map(\.label) == ["mask"])
    }

    @Test("A prediction that nothing follows is given out when time has passed")
    func heldPrediction() {
        var machine = MonitorMachine()
        #expect(machine.received(Array("predicted: 0.47\r\n".utf8), at: 1_000).inferences.isEmpty)
        #expect(machine.deadline != nil)
        #expect(machine.timePassed(to: 2_000).inferences.isEmpty)
        #expect(machine.timePassed(to: 1_000_000_000).inferences.count == 1)
        #expect(machine.deadline == nil)
    }

    @Test("A line without an end is shown when time has passed, and once more when it is whole")
    func partialLine() {
        var machine = MonitorMachine()
        #expect(machine.received(Array("name? ".utf8), at: 0) == [])
        #expect(machine.timePassed(to: 1_000_000_000) == [.partial("name? ")])
        #expect(machine.timePassed(to: 2_000_000_000) == [])
        #expect(machine.deadline == nil)
        #expect(machine.received(Array("x\n".utf8), at: 3_000_000_000).lines == ["name? x"])
    }

    private static let watched: [(String, DiagnosisCode?)] = [
        ("predicted: nan\n", .nanOutput), ("predicted: 0.1,-nan\n", .nanOutput), ("predicted: ovf\n", .overflowOutput),
        ("|   0.00000     0.00000     nan   |    0.00    1.00    0.00    |\n", .nanOutput),
        ("input scale -nan zero_point 1073421472\n", .nanOutput), ("score = nan\n", .nanOutput),
        ("Output: [nan, nan, nan]\n", .nanOutput), ("see figure [nan] above\n", nil),
        ("float f = ovf\n", .overflowOutput),
        ("prediction 2146959360\n", .nanOutput), ("banana nandina inform\n", nil), ("uart fifo ovf seen\n", nil),
        ("[D][sensor:094]: 'T': Sending state nan C\n", nil), ("value: 20000000.00\n", nil),
        (String(repeating: "predicted: 0.00\n", count: 6), .zeroOutput), ("predicted: 0.00\n", nil),
        ("predicted: 0.00,0.00,0.00\n", .zeroOutput), (String(repeating: "predicted: 1.00\n", count: 5), .stuckOutput),
        ((0..<5).map { "\($0),1,2,3,\npredicted: 0.31\n" }.joined(), .stuckOutput),
        (String(repeating: "9,1,2,3,\npredicted: 0.31\n", count: 9), nil),
        ("9,1,2,3,\npredicted: 0.31\n9,1,2,3,\npredicted: 0.64\n", .driftingOutput),
        ("9,1,2,3,\npredicted: 0.31\n8,1,2,3,\npredicted: 0.64\n", nil),
    ]

    @Test("Outputs that cannot be right are noticed, others are not", arguments: watched)
    func outputs(log: String, code: DiagnosisCode?) {
        #expect(monitor(Array(log.utf8)).diagnoses.first?.code == code)
    }

    @Test("A prediction may have thousands of outputs, and its bits come with it")
    func manyOutputs() throws {
        let values = [String](repeating: "0.00", count: 5000).joined(separator: ",")
        let bits = [String](repeating: "00000000", count: 5000).joined(separator: ",")
        let events = monitor("predicted: \(values)", "espmask: n=1 out=\(bits) us=12", "espmask: ready").events
        let inference = try #require(events.inferences.first)
        #expect(inference.values.count == 5000 && inference.bits?.count == 5000 && inference.microseconds == 12)
    }
}
