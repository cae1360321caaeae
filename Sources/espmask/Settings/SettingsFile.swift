// Reads espmask.yaml: a flat map of the settings' names to values. Unknown keys are errors, since a misspelt
// setting that is silently ignored costs an afternoon.

import Yams

/// The project's own settings file.
enum SettingsFile {
    /// The file's name, looked for in the working folder.
    static let name = "espmask.yaml"

    /// What the text of the file gives.
    static func place(text: String) throws(Failure) -> Settings.Place {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch {
            throw Failure("usage", "\(name) is no YAML: \(error)", hint: "Write one 'name: value' to a line.")
        }
        guard let root else { return Settings.Place(name: name, values: [:]) }
        guard let mapping = root.mapping else {
            throw Failure("usage", "\(name) is no map of settings", hint: "Write one 'name: value' to a line.")
        }
        var values: [SettingName: String] = [:]
        for (key, value) in mapping {
            let place = key.mark.map { "line \($0.line), column \($0.column)" } ?? "some line"
            guard let word = key.string, let setting = SettingName(rawValue: word) else {
                let known = SettingName.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(
                    "usage", "\(name), \(place): '\(key.string ?? "?")' is no setting", hint: "Known are: \(known).")
            }
            values[setting] = try plain(value, setting: setting, place: place)
        }
        return Settings.Place(name: name, values: values)
    }

    /// The file's text with one setting changed or added; all else stays as it is written.
    static func text(_ old: String, setting: SettingName, to value: String) -> String {
        var lines = old.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let line = "\(setting.rawValue): \(value)"
        if let index = lines.firstIndex(where: { $0.hasPrefix("\(setting.rawValue):") }) {
            lines[index] = line
        } else {
            while lines.last?.isEmpty == true { lines.removeLast() }
            lines += [line, ""]
        }
        return lines.joined(separator: "\n")
    }

    private static func plain(_ node: Node, setting: SettingName, place: String) throws(Failure) -> String {
        if let scalar = node.scalar { return scalar.string }
        if let sequence = node.sequence { return sequence.compactMap(\.string).joined(separator: ",") }
        throw Failure(
            "usage", "\(name), \(place): \(setting.rawValue) needs a plain value",
            hint: "Write '\(setting.rawValue): value'.")
    }
}
