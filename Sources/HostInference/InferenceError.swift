// What the host says when a model or its inputs cannot be used: a stable code, a message with the numbers, and a
// hint. Made from the engine's numeric error and what the model tells of its own operators and tensors.

import InferenceC

/// Why a model cannot be opened, planned or run, or why inputs do not fit it.
public struct InferenceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The stable code, spelled as the command line prints it.
    public enum Code: String, Sendable, CaseIterable {
        /// Not a TFLite file, truncated, or an offset or a shape in it lies.
        case modelInvalid = "model-invalid"
        /// Another schema version than 3.
        case modelSchemaMismatch = "model-schema-mismatch"
        /// A known operator in a form that the engine does not run.
        case modelUnsupported = "model-unsupported"
        /// An operator that the engine does not have.
        case opMissing = "op-missing"
        /// The model needs more memory than it is given.
        case arenaTooSmall = "arena-too-small"
        /// Not as many values as the model takes.
        case inputMismatch = "input-mismatch"
        /// A file of inputs that cannot be read.
        case badInputs = "bad-inputs"
    }

    /// The stable code.
    public var code: Code
    /// One sentence with the numbers.
    public var message: String
    /// What to do now.
    public var hint: String
    /// Bytes or values needed, where the code speaks of them.
    public var needed: Int?
    /// Bytes or values there are.
    public var available: Int?
    /// Bytes or values missing.
    public var missing: Int?
    /// The operator's name, where one is at fault.
    public var op: String?
    /// The operator's position in the model.
    public var opIndex: Int?
    /// The schema version found, for `modelSchemaMismatch`.
    public var version: Int?

    /// Makes an error without numbers.
    public init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}

extension InferenceError {
    /// The engine's error about `model`, in words.
    init(_ error: inference_error, model: inference_model) {
        let words = Explanation(error: error, model: model)
        self.init(Self.code(of: error.code), words.message, hint: words.hint)
        op = words.opName
        opIndex = error.op_index == UInt32.max ? nil : Int(error.op_index)
        switch code {
        case .arenaTooSmall, .inputMismatch:
            needed = Int(error.needed)
            available = Int(error.available)
            missing = max(0, Int(error.needed) - Int(error.available))
        case .modelSchemaMismatch: version = Int(error.number)
        case .modelInvalid, .modelUnsupported, .opMissing, .badInputs: break
        }
    }

    private static func code(of code: inference_code) -> Code {
        Code(rawValue: String(cString: inference_code_name(code))) ?? .modelInvalid
    }
}

/// Words for the engine's numbers.
private struct Explanation {
    let error: inference_error
    let model: inference_model

    var opName: String? { error.op == UInt32.max ? nil : OperatorNames.name(of: error.op) }

    var message: String {
        switch error.code {
        case INFERENCE_OP_MISSING: return "operator \(opName ?? "?") (number \(error.op_index)) is not available"
        case INFERENCE_ARENA_TOO_SMALL:
            return "the arena is too small: needed \(error.needed) bytes, available \(error.available), "
                + "missing \(error.missing)"
        case INFERENCE_INPUT_MISMATCH: return "the model takes \(error.needed) values, \(error.available) were given"
        case INFERENCE_MODEL_SCHEMA_MISMATCH: return "schema version \(error.number), only version 3 is known"
        default: return place + reason
        }
    }

    var hint: String {
        switch error.code {
        case INFERENCE_OP_MISSING: return "replace the layer, or convert the model without it"
        case INFERENCE_ARENA_TOO_SMALL: return "give at least \(error.needed) bytes"
        case INFERENCE_INPUT_MISMATCH: return "give as many values as the model's inputs have elements"
        case INFERENCE_MODEL_SCHEMA_MISMATCH: return "convert the model with a current TensorFlow Lite converter"
        case INFERENCE_MODEL_UNSUPPORTED: return "convert the model to float32 or full int8 with standard layers"
        default: return "export the model again, and check that the file was copied whole"
        }
    }

    private var place: String {
        var parts: [String] = []
        if let opName { parts.append("operator \(opName) (number \(error.op_index))") }
        if let name = tensorName { parts.append("tensor \(name)") }
        return parts.isEmpty ? "" : parts.joined(separator: ", ") + ": "
    }

    private var tensorName: String? {
        guard error.tensor != UInt32.max else { return nil }
        return TensorDescription(model, Int(error.tensor)).map { "'\($0.name)' (\(error.tensor))" } ?? "\(error.tensor)"
    }

    private var reason: String {
        Explanation.fixedReasons[error.reason.rawValue] ?? numberedReason
    }

    private var numberedReason: String {
        switch error.reason {
        case INFERENCE_REASON_TRUNCATED: return "\(error.number) bytes are too few for a model"
        case INFERENCE_REASON_OFFSET: return "the offset at byte \(error.number) leads outside the file"
        case INFERENCE_REASON_TENSOR_INDEX: return "there is no tensor \(Int32(bitPattern: error.number))"
        case INFERENCE_REASON_OPCODE_INDEX: return "there is no such operator code"
        case INFERENCE_REASON_RANK: return "\(error.number) dimensions are not done here"
        case INFERENCE_REASON_TYPE: return "type \(TensorDescription.typeName(error.number)) is not done here"
        case INFERENCE_REASON_ACTIVATION: return "fused activation \(error.number) is not done"
        case INFERENCE_REASON_OPTION: return "an option is out of range (\(Int32(bitPattern: error.number)))"
        case INFERENCE_REASON_TOO_MANY: return "\(error.number) is beyond what the engine counts"
        default: return "the file is damaged (reason \(error.reason.rawValue))"
        }
    }

    private static let fixedReasons: [UInt32: String] = [
        INFERENCE_REASON_IDENTIFIER.rawValue: "not a TensorFlow Lite file (no 'TFL3' at byte 4)",
        INFERENCE_REASON_NO_SUBGRAPH.rawValue: "no subgraph with inputs, operators and outputs",
        INFERENCE_REASON_BUFFER_INDEX.rawValue: "its buffer does not exist",
        INFERENCE_REASON_ORDER.rawValue: "read before it is written, or written twice",
        INFERENCE_REASON_SHAPE.rawValue: "its shape does not fit the operator",
        INFERENCE_REASON_DATA_SIZE.rawValue: "its values are fewer than its shape says",
        INFERENCE_REASON_NOT_CONSTANT.rawValue: "has to be a constant",
        INFERENCE_REASON_QUANTIZATION.rawValue: "its scale or zero point is absent or impossible",
        INFERENCE_REASON_VARIABLE.rawValue: "state tensors are not done",
        INFERENCE_REASON_ARITY.rawValue: "an unusual number of inputs or outputs",
        INFERENCE_REASON_MULTIPLIER.rawValue: "its scales are too far apart for integer arithmetic",
    ]
}
