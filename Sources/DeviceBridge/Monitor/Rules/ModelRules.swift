// The model itself: operators that the firmware lacks, a schema it does not know, tensors it cannot handle, inputs of
// the wrong kind. These outrank the arena: what fails after them is their consequence. Sources: tflite-micro
// (micro_op_resolver, micro_interpreter, kernels) over time, EloquentTinyML 0.0.2 to 3.0.1, Edge Impulse SDK.

enum ModelRules {
    static let rules: [DiagnosisRule] = missing + schema + operators + unsupported + inputs + general

    private static let schema = [
        DiagnosisRule(
            .modelSchemaMismatch, "schema version <version:int> is not equal to supported version <supported:int>",
            judge: version),
        DiagnosisRule(
            .modelSchemaMismatch, "schema version <version:int> not equal to supported ~version <supported:int>",
            judge: version),
        DiagnosisRule(.modelSchemaMismatch, "schema version <version:int> ~is not supported", judge: version),
        DiagnosisRule(
            .modelSchemaMismatch, "model version mismatch. ~Expected <supported:int>, got <version:int>", judge: version
        ),
        DiagnosisRule(.modelSchemaMismatch, "schema version mismatch~: <version:int>", judge: version),
        DiagnosisRule(.modelSchemaMismatch, "schema mismatch"),
        // EloquentTinyML's whole message; other version mismatches are longer.
        DiagnosisRule(.modelSchemaMismatch, "Version mismatch", weak: true, judge: wholeLine),
    ]

    // A blank flash reads as ones, which is -1.
    private static let missing = [
        DiagnosisRule(.modelMissing, "schema version <version:int> ~is not equal", judge: blank),
        DiagnosisRule(
            .modelMissing, "model version mismatch. Expected <supported:int>, got <version:int>", judge: blank),
        DiagnosisRule(.modelMissing, "schema version mismatch: <version:int>", judge: blank),
        DiagnosisRule(.modelMissing, "No model found in partition"),
        DiagnosisRule(.modelMissing, "model partition not found"),
        DiagnosisRule(.modelMissing, "model partition is empty"),
    ]

    private static let operators = [
        DiagnosisRule(.opMissing, "find op for builtin opcode '<op:word>'~ version '<version:int>'"),
        DiagnosisRule(.opMissing, "find op for custom opcode '<op:word>'"),
        DiagnosisRule(.opMissing, "Failed to get registration from op code ~<op:word>", judge: realName),
        DiagnosisRule(.opMissing, "unresolved custom op: <op:word>"),
        DiagnosisRule(.opMissing, "find a parser for <op:word>"),
        DiagnosisRule(.opMissing, "Missing registration for opcode_index ~<opcode_index:int>"),
        DiagnosisRule(.opMissing, "Skipping op for opcode_index ~<opcode_index:int>"),
        DiagnosisRule(.opMissing, "Couldn't register builtin op #<opcode:int>, ~resolver size"),
        DiagnosisRule(.opMissing, "Couldn't register custom op '<op:word>"),
        DiagnosisRule(.opMissing, "op_resolver size is too small"),
        DiagnosisRule(.opMissing, "Op type not registered '<op:word>"),
    ]

    private static let unsupported = [
        DiagnosisRule(.modelUnsupported, "Op builtin_code out of range: ~<opcode:int>"),
        DiagnosisRule(.modelUnsupported, "Operator with CUSTOM builtin_code has no custom_code"),
        DiagnosisRule(.modelUnsupported, "found builtin operator <op:word> with custom options"),
        DiagnosisRule(.modelUnsupported, "Hybrid models are not supported"),
        DiagnosisRule(.modelUnsupported, "Dynamic tensors are not supported"),
        DiagnosisRule(.modelUnsupported, "has dynamic tensor"),
        DiagnosisRule(.modelUnsupported, "Type <type:word> (<number:int>) not supported", judge: tensorType),
        DiagnosisRule(.modelUnsupported, "Type <type:word> (<number:int>) not is not supported", judge: tensorType),
        DiagnosisRule(.modelUnsupported, "Data type <type:word> not supported"),
        DiagnosisRule(.modelUnsupported, "Input type <type:word> (<number:int>) is not supported"),
        DiagnosisRule(.modelUnsupported, "Unsupported data type"),
        DiagnosisRule(.modelUnsupported, "Only 1 subgraph is currently supported"),
        DiagnosisRule(.modelUnsupported, "Too many buffers (max is <limit:int>"),
        DiagnosisRule(.modelUnsupported, "Scratch buffer request exceeds limit per operator ~(<limit:int>"),
        DiagnosisRule(.modelUnsupported, "Maximum resource variable count (<limit:int>"),
        DiagnosisRule(.modelUnsupported, "Only supports per-"),
        // An operator that refuses its tensors; where memory ran out it only passes that on.
        DiagnosisRule(.modelUnsupported, ".cc:<source_line:int> <expression> was not true", rank: .heapExhausted),
        DiagnosisRule(
            .modelUnsupported, ".cc:<source_line:int> <expression> != <other>", rank: .heapExhausted, judge: ensure),
        DiagnosisRule(
            .modelUnsupported, "Node <op:word> (number <node:int>~f) failed to", weak: true, rank: .heapExhausted),
    ]

    private static let inputs = [
        DiagnosisRule(.inputMismatch, "Input type mismatch"),
        DiagnosisRule(.inputMismatch, "Bad input tensor parameters in model"),
        DiagnosisRule(.inputMismatch, "You must set the number of inputs"),
        DiagnosisRule(.inputMismatch, "You must set the number of outputs"),
        DiagnosisRule(.inputMismatch, "Input index <index:int> out of range ~(length is <length:int>"),
        DiagnosisRule(.inputMismatch, "Output index <index:int> out of range ~(length is <length:int>"),
        DiagnosisRule(.inputMismatch, "features array size is not correct"),
        DiagnosisRule(.inputMismatch, "The size of your 'features' array is not correct"),
        DiagnosisRule(.inputMismatch, "Input size mismatch"),
        DiagnosisRule(.inputMismatch, "input shape mismatch"),
    ]

    private static let general =
        [
            "AllocateTensors() failed", "AllocateTensors failed", "Cannot allocate tensors",
            "Failed to allocate tensors",
            "allocate_tensors failed", "Failed starting model allocation",
            "Invoke() called after initialization failed",
            "Interpreter has not been initialized", "MicroAllocator: Failed to initialize",
            "MicroAllocator: Model allocation started before", "tensor allocation failed",
            "Failed to initialize tensor ", "Failed to initialize input tensor", "Failed to initialize output tensor",
        ].map { DiagnosisRule(.allocateTensorsFailed, $0, weak: true) }
        + [
            DiagnosisRule(.allocateTensorsFailed, "Allocation failed", weak: true, judge: wholeLine),
            DiagnosisRule(.allocateTensorsFailed, "run_classifier returned: -3", weak: true),
            DiagnosisRule(.allocateTensorsFailed, "Failed to run classifier (-3)", weak: true),
            DiagnosisRule(.modelUnsupported, "Invoke failed", weak: true, rank: .allocateTensorsFailed),
            DiagnosisRule(.modelUnsupported, "Invoke() failed", weak: true, rank: .allocateTensorsFailed),
            DiagnosisRule(
                .modelUnsupported, "Inference failed", weak: true, rank: .allocateTensorsFailed, judge: wholeLine),
            DiagnosisRule(
                .modelUnsupported, "Interpreter invoke() returned an error", weak: true, rank: .allocateTensorsFailed),
        ]

    @Sendable private static func blank(_ finding: inout Finding) -> Bool {
        guard let version = finding.details["version"]?.number, isBlank(version) else { return false }
        finding.details["version"] = .number(-1)
        finding.details["supported"] = nil
        return true
    }

    @Sendable private static func version(_ finding: inout Finding) -> Bool {
        !(finding.details["version"]?.number).map(isBlank).isTrue
    }

    private static func isBlank(_ version: Int) -> Bool { version == -1 || version == Int(UInt32.max) }

    /// The library of the workshop's time prints a literal "% d" here; the line before names the operator.
    @Sendable private static func realName(_ finding: inout Finding) -> Bool {
        if (finding.details["op"]?.text?.utf8.count ?? 0) < 2 { finding.details["op"] = nil }
        return true
    }

    @Sendable private static func tensorType(_ finding: inout Finding) -> Bool {
        finding.details["number"] = nil
        return true
    }

    /// TF_LITE_ENSURE prints `a != b (1 != 2)` or with the names of two types.
    @Sendable private static func ensure(_ finding: inout Finding) -> Bool {
        guard let other = finding.details["other"]?.text, other.contains("(") else { return false }
        if let expression = finding.details["expression"]?.text {
            finding.details["expression"] = .text("\(expression) != \(other)")
        }
        finding.details["other"] = nil
        return true
    }

    /// The message is all of the line, so that another program's longer one does not count.
    @Sendable private static func wholeLine(_ finding: inout Finding) -> Bool {
        (finding.evidence.first?.text.utf8.count ?? 99) < 24
    }
}

extension Bool? {
    var isTrue: Bool { self == true }
}
