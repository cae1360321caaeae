// Where a setting comes from when several places give it: flags, then ESPMASK_* variables, then espmask.yaml,
// then the sketch's sketch.json, then the board. It finds values; what they mean is their reader's business.

/// The settings that more than one place can give.
enum SettingName: String, CaseIterable, Sendable {
    case sketch, model, board, arena, scale, labels, threshold, inputs, transform, port, count, baud, backend

    /// The environment variable of the setting.
    var variable: String { "ESPMASK_" + rawValue.uppercased() }
}

/// A value and the place it came from, for messages.
struct Setting: Equatable, Sendable {
    var text: String
    var origin: String
}

/// The places, the strongest first.
struct Settings: Sendable {
    /// One place and what it gives.
    struct Place: Sendable {
        var name: String
        var values: [SettingName: String]
    }

    private var places: [Place]

    init(_ places: [Place]) { self.places = places }

    /// Adds a place that is weaker than all before it.
    mutating func add(_ place: Place) { places.append(place) }

    /// The setting from the strongest place that gives it.
    subscript(name: SettingName) -> Setting? {
        for place in places {
            if let text = place.values[name], !text.isEmpty { return Setting(text: text, origin: place.name) }
        }
        return nil
    }

    /// Whether one setting comes from the same place as another, or from a stronger one; false where it is not set.
    func isAsStrong(_ name: SettingName, as other: SettingName) -> Bool {
        guard let own = rank(of: name) else { return false }
        return own <= rank(of: other) ?? .max
    }

    private func rank(of name: SettingName) -> Int? {
        places.firstIndex { !($0.values[name] ?? "").isEmpty }
    }

    /// A whole number of at least `minimum`, or nil where nothing is set.
    func number(_ name: SettingName, atLeast minimum: Int = 0) throws(Failure) -> Int? {
        guard let setting = self[name] else { return nil }
        guard let value = Int(setting.text), value >= minimum else {
            throw Failure(
                "usage",
                "\(name.rawValue) is '\(setting.text)' (from \(setting.origin)), which is no whole number "
                    + "of at least \(minimum)", hint: "Give a number, for example --\(name.rawValue) \(minimum + 5).")
        }
        return value
    }

    /// A finite number, or nil where nothing is set.
    func real(_ name: SettingName) throws(Failure) -> Double? {
        guard let setting = self[name] else { return nil }
        guard let value = Double(setting.text), value.isFinite else {
            throw Failure(
                "usage", "\(name.rawValue) is '\(setting.text)' (from \(setting.origin)), which is no number",
                hint: "Give a number, for example 0.5.")
        }
        return value
    }

    /// What the environment gives.
    static func environment(_ lookup: (String) -> String? = Console.environment) -> Place {
        var values: [SettingName: String] = [:]
        for name in SettingName.allCases { values[name] = lookup(name.variable) }
        return Place(name: "the environment", values: values)
    }
}
