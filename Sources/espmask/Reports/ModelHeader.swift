// A model as a C header, for firmware that compiles its model in: the workshop's form, which Arduino and ESP-IDF
// sketches include. Compiles as C11 and as C++11.

import HostInference

/// The text of a header with a model's bytes.
struct ModelHeader {
    /// The file's name without folder and ending.
    var name: String
    /// The name of the array, where it is not the file's.
    var array: String?
    var bytes: [UInt8]
    var model: LoadedModel
    /// Bytes of arena that the engine needs.
    var arenaBytes: Int

    /// The array's name as a C identifier that no keyword of C or C++ is.
    var identifier: String { Self.identifier(array ?? name) }

    private static func identifier(_ name: String) -> String {
        var text = String(
            name.unicodeScalars.map { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                    ? Character(scalar) : "_"
            })
        if text.first.map(\.isNumber) ?? true { text = "model_" + text }
        return keywords.contains(text) ? text + "_model" : text
    }

    /// The whole header.
    var text: String {
        let array = identifier
        // The guard is the file's: two headers may both hold a `model_data`.
        let guardName = Self.identifier(name).uppercased() + "_H"
        let inputs = model.inputs.reduce(0) { $0 + $1.elements }
        let outputs = model.outputs.reduce(0) { $0 + $1.elements }
        var text = """
            // The model '\(Self.comment(name))', \(bytes.count) bytes, written by `espmask model header`.
            // Operators: \(model.ops.joined(separator: ", ")).

            #ifndef \(guardName)
            #define \(guardName)

            #include <stdalign.h>

            // Values of the inputs and outputs, and the arena in bytes as espmask's engine plans it; the base must be
            // 16-aligned. TensorFlow Lite Micro needs more.
            #define NUMBER_OF_INPUTS \(inputs)
            #define NUMBER_OF_OUTPUTS \(outputs)
            #define TENSOR_ARENA_SIZE \(arenaBytes)

            alignas(16) static const unsigned char \(array)[] = {

            """
        for start in stride(from: 0, to: bytes.count, by: 16) {
            let row = bytes[start..<min(start + 16, bytes.count)].map { "0x" + String($0, radix: 16).leftPadded(to: 2) }
            text += "    " + row.joined(separator: ", ") + ",\n"
        }
        text += """
            };
            static const unsigned int \(array)_len = \(bytes.count);

            #endif

            """
        return text
    }

    // A name that ends in a backslash, or has a line break, would go on into the next line.
    private static func comment(_ name: String) -> String {
        String(name.map { $0 == "\\" || $0.isNewline ? "_" : $0 })
    }

    private static let keywords: Set<String> = [
        "alignas", "alignof", "and", "asm", "auto", "bool", "break", "case", "catch", "char", "class", "const",
        "constexpr", "continue", "default", "delete", "do", "double", "else", "enum", "explicit", "export", "extern",
        "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new",
        "noexcept", "not", "nullptr", "operator", "or", "private", "protected", "public", "register", "restrict",
        "return", "short", "signed", "sizeof", "static", "struct", "switch", "template", "this", "throw", "true",
        "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile", "while",
        "xor",
    ]
}

extension String {
    fileprivate func leftPadded(to width: Int) -> String {
        String(repeating: "0", count: max(0, width - count)) + self
    }
}
