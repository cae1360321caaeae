// The names of the classes for a board that only says which model it runs: those of the settings, or of the sketch
// whose usual model that is.

import Foundation
import SystemPackage
import Toolchain

/// Names and threshold.
struct SketchLabels: Equatable {
    var labels: [String]
    var threshold: Double

    /// What the settings give.
    init(_ settings: Settings) throws(Failure) {
        labels = settings[.labels]?.text.split(separator: ",").map { String($0) } ?? []
        threshold = try settings.real(.threshold) ?? 0.5
    }

    /// What the settings give, those of the sketch that they name included.
    init(named settings: Settings, home: ProjectHome) throws {
        var settings = settings
        if let name = settings[.sketch]?.text { settings.add(try home.sketch(name).settings.place) }
        try self.init(settings)
    }

    /// Those of the product's sketch that usually runs the model; nil where none does.
    static func usual(for model: String, home: ProjectHome) -> SketchLabels? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home.sketches.string)) ?? []
        for name in names.sorted() {
            guard let sketch = try? home.sketch(name), let path = sketch.settings.model,
                FilePath(path).stem == model
            else { continue }
            return try? SketchLabels(Settings([sketch.settings.place]))
        }
        return nil
    }
}
