// The JSON Schema of scripts (draft 2020-12), made from the table that the reader checks by, for editors that complete
// and check YAML.

import DeviceBridge
import ESPImage
import HIL

/// The schema.
enum ScriptSchema {
    /// The schema as text, indented.
    static var text: String { pretty(schema, indent: 0) }

    private static var schema: JSON {
        var members = map(MapShape.script)
        members.insert(.init(key: "$schema", value: "https://json-schema.org/draft/2020-12/schema"), at: 0)
        members.insert(.init(key: "title", value: "espmask hardware-in-the-loop script"), at: 1)
        members.append(.init(key: "$defs", value: ["step": step, "template": template]))
        return .object(members)
    }

    /// A text with a variable in it stands for any value.
    private static let template: JSON = ["type": "string", "pattern": "\\$\\{[A-Za-z_][A-Za-z0-9_-]*\\}"]

    private static var step: JSON {
        let bare = MapShape.steps.filter(\.canBeBare).map { JSON.string($0.name) }
        let maps = MapShape.steps.map { shape -> JSON in
            [
                "type": "object", "required": .array([.string(shape.name)]), "additionalProperties": false,
                "properties": .object([.init(key: shape.name, value: value(of: shape))]),
                "description": .string(shape.about),
            ]
        }
        return ["anyOf": .array([["enum": .array(bare)]] + maps)]
    }

    /// What stands behind a step's name.
    private static func value(of shape: MapShape) -> JSON {
        var forms: [JSON] = []
        if !shape.keys.isEmpty || !shape.canBeBare { forms.append(.object(map(shape))) }
        if let short = shape.short, let key = shape[short] { forms.append(value(of: key.kind)) }
        if shape.canBeBare { forms.append(["type": "null"]) }
        var members: [JSON.Member] = [.init(key: "description", value: .string(shape.about))]
        if shape.canBeBare, shape.keys.isEmpty {
            members.append(.init(key: "anyOf", value: [["type": "null"], ["type": "object", "maxProperties": 0]]))
        } else {
            members.append(.init(key: "anyOf", value: .array(forms)))
        }
        return .object(members)
    }

    private static func map(_ shape: MapShape) -> [JSON.Member] {
        var members: [JSON.Member] = [
            .init(key: "type", value: "object"), .init(key: "additionalProperties", value: false),
            .init(
                key: "properties",
                value: .object(
                    shape.keys.map { key in
                        .init(key: key.name, value: described(value(of: key.kind), key.about))
                    })),
        ]
        let required = shape.keys.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { members.append(.init(key: "required", value: .array(required))) }
        if !shape.oneOf.isEmpty {
            let choices = shape.oneOf.map { JSON.object([.init(key: "required", value: .array([.string($0)]))]) }
            members.append(.init(key: "oneOf", value: .array(choices)))
        }
        return members
    }

    private static func described(_ value: JSON, _ about: String) -> JSON {
        guard case .object(let members) = value else { return value }
        return .object([.init(key: "description", value: .string(about))] + members)
    }

    private static let word: JSON = ["type": ["string", "number", "boolean"]]

    private static func orTemplate(_ value: JSON) -> JSON { ["anyOf": [value, ["$ref": "#/$defs/template"]]] }

    private static func value(of kind: KeyKind) -> JSON {
        switch kind {
        case .text: return word
        case .texts: return ["anyOf": [word, ["type": "array", "items": word]]]
        case .expression, .files: return ["type": "string", "minLength": 1]
        case .file: return ["type": "string", "minLength": 1]
        case .seconds: return orTemplate(["type": "number", "exclusiveMinimum": 0])
        case .number(let range):
            return orTemplate([
                "type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound),
            ])
        case .numbers:
            return orTemplate([
                "anyOf": [["type": "number"], ["type": "array", "items": ["type": "number"], "minItems": 1]]
            ])
        case .whole(let range):
            return orTemplate(["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)])
        case .flag: return orTemplate(["type": "boolean"])
        case .word(let words):
            // YAML reads 127 as a number.
            let values = words.map { JSON.string($0) } + words.compactMap { Int($0).map { JSON.int($0) } }
            return orTemplate(["enum": .array(values)])
        case .diagnosis:
            return orTemplate(["enum": .array(DiagnosisCode.allCases.map { .string($0.rawValue) })])
        case .variable: return ["type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"]
        case .faults:
            return ["anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"], "minItems": 1]]]
        case .limit: return ["anyOf": [.object(map(MapShape.limit)), ["type": "null"]]]
        case .values:
            return [
                "type": ["object", "null"], "propertyNames": ["pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"],
                "additionalProperties": word,
            ]
        case .steps: return ["type": ["array", "null"], "items": ["$ref": "#/$defs/step"]]
        case .board:
            var members = map(MapShape.board)
            if let index = members.firstIndex(where: { $0.key == "properties" }),
                case .object(var keys) = members[index].value,
                let chip = keys.firstIndex(where: { $0.key == "chip" })
            {
                keys[chip].value = described(
                    orTemplate(["enum": .array(Chip.all.map { .string($0.name) })]), MapShape.board["chip"]?.about ?? ""
                )
                members[index].value = .object(keys)
            }
            return .object(members)
        }
    }

    private static func pretty(_ value: JSON, indent: Int) -> String {
        let space = String(repeating: " ", count: indent + 2)
        let end = String(repeating: " ", count: indent)
        switch value {
        case .object(let members) where !members.isEmpty:
            let lines = members.map { space + JSON.string($0.key).text + ": " + pretty($0.value, indent: indent + 2) }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + end + "}"
        case .array(let values) where values.contains(where: { if case .object = $0 { true } else { false } }):
            return "[\n" + values.map { space + pretty($0, indent: indent + 2) }.joined(separator: ",\n") + "\n" + end
                + "]"
        case .array, .object, .null, .bool, .int, .number, .float, .string, .verbatim: return value.text
        }
    }
}
