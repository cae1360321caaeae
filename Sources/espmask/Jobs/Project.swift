// What one invocation is about: the sketch, the board and the settings that flags, environment, espmask.yaml and
// sketch.json give for them. It reads files of settings; building and flashing are others' work.

import SystemPackage
import Toolchain

/// A sketch with its settings in force.
struct Project {
    let home: ProjectHome
    let sketch: Sketch
    let board: BoardDescription
    let settings: Settings
    /// What builds the sketch.
    let backend: BuildBackend

    /// Finds out what is meant. `flags` are the strongest; `sketch` is nil where none was named.
    init(flags: [SettingName: String], sketch named: String?) throws {
        var settings = try Project.settings(flags: flags)
        home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        sketch = try home.sketch(named ?? settings[.sketch]?.text ?? "run_model_cnn")
        settings.add(sketch.settings.place)
        board = try home.board(named: settings[.board]?.text ?? Project.defaultBoard)
        self.settings = settings
        backend = try Project.backend(settings[.backend], sketch, board)
    }

    private static func backend(
        _ setting: Setting?, _ sketch: Sketch, _ board: BoardDescription
    ) throws(Failure) -> BuildBackend {
        guard let setting, setting.text != "auto" else { return .suiting(sketch, board) }
        if let backend = BuildBackend(rawValue: setting.text) { return backend }
        throw Failure(
            "usage", "there is no back end '\(setting.text)' (from \(setting.origin))",
            hint: "Use auto, bare, arduino or idf.")
    }

    /// The board where nothing says otherwise.
    static let defaultBoard = "esp32-devkitc-v4"

    /// The settings of everything but a sketch.
    static func settings(flags: [SettingName: String]) throws(Failure) -> Settings {
        var settings = Settings([Settings.Place(name: "the command line", values: flags), Settings.environment()])
        if Files.exists(SettingsFile.name) {
            settings.add(try SettingsFile.place(text: try Files.text(SettingsFile.name)))
        }
        return settings
    }

    /// The path of a file that a setting names: sketch.json counts from the sketch, all others from the working folder.
    func file(_ name: SettingName) -> String? {
        guard let setting = settings[name] else { return nil }
        return setting.origin == SketchSettings.origin ? sketch.file(setting.text).string : setting.text
    }

    /// Keeps an arena for later runs: in the sketch's own sketch.json, or, with the model it is for, in the working
    /// folder's espmask.yaml, where the sketch is one of the product's or the model is not the sketch's own.
    /// Returns the file's name. Throws `output-unwritable`.
    func keep(arena: Int) throws(Failure) -> String {
        let isProducts = sketch.folder.string.hasPrefix(home.sketches.string)
        if !isProducts, !isChosen(.model) {
            let path = sketch.folder.appending("sketch.json").string
            let old = Files.exists(path) ? try Files.text(path) : "{}"
            try Files.write(Array(SketchSettings.text(old, arena: arena).utf8), to: path)
            return path
        }
        var text = Files.exists(SettingsFile.name) ? try Files.text(SettingsFile.name) : ""
        if let model = file(.model) { text = SettingsFile.text(text, setting: .model, to: model) }
        text = SettingsFile.text(text, setting: .arena, to: String(arena))
        try Files.write(Array(text.utf8), to: SettingsFile.name)
        return SettingsFile.name
    }

    /// Whether the setting was given by something stronger than sketch.json.
    func isChosen(_ name: SettingName) -> Bool {
        settings[name].map { $0.origin != SketchSettings.origin } ?? false
    }
}

extension SketchSettings {
    static let origin = "sketch.json"

    /// The text of a sketch.json with another arena; all else stays as it is written.
    static func text(_ old: String, arena: Int) -> String {
        if old.contains(/"arena"\s*:\s*[0-9]+/) {
            return old.replacing(/"arena"\s*:\s*[0-9]+/, with: "\"arena\": \(arena)")
        }
        guard let brace = old.firstIndex(of: "{") else { return "{ \"arena\": \(arena) }\n" }
        let rest = old[old.index(after: brace)...]
        let isEmpty = rest.first { !$0.isWhitespace } == "}"
        return old[...brace] + " \"arena\": \(arena)" + (isEmpty ? " " : ",") + rest
    }

    /// What sketch.json gives.
    var place: Settings.Place {
        var values: [SettingName: String] = [:]
        values[.model] = model
        values[.transform] = transform
        values[.board] = board
        values[.arena] = arena.map(String.init)
        values[.scale] = scale.map { $0 == $0.rounded() ? String(Int($0)) : String($0) }
        values[.labels] = labels?.joined(separator: ",")
        values[.threshold] = threshold.map { String($0) }
        values[.inputs] = inputs
        values[.backend] = backend?.rawValue
        return Settings.Place(name: Self.origin, values: values)
    }
}
