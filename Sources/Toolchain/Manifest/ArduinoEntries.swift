// What an Arduino package index is made of, as far as installing needs it. Whatever may be missing is taken to be, and
// an entry that is of another shape is kept with the reason: what becomes of it is decided elsewhere.

import FoundationEssentials

struct ArduinoIndexFile: Decodable {
    var packages: [Lenient<ArduinoPackage>]
}

/// An entry, or what is wrong with it.
struct Lenient<Entry: Decodable>: Decodable {
    /// What can be told of an entry that is otherwise of another shape.
    struct Label: Decodable {
        var name: String?
        var architecture: String?
        var version: String?
    }

    let value: Entry?
    let label: Label
    private let reason: String

    init(from decoder: any Decoder) throws {
        label = (try? Label(from: decoder)) ?? Label()
        do {
            value = try Entry(from: decoder)
            reason = ""
        } catch {
            value = nil
            reason = SettingsFile.reason(ofAny: error)
        }
    }

    func whole() throws(ArduinoSlip) -> Entry {
        guard let value else { throw .slip(reason) }
        return value
    }
}

/// A vendor's part of an index.
struct ArduinoPackage: Decodable {
    struct Platform: Decodable {
        struct Need: Decodable {
            var packager: String
            var name: String
            var version: String
        }

        private enum Key: CodingKey {
            case architecture, version, toolsDependencies
        }

        var architecture: String
        var version: String
        var toolsDependencies: [Need]?
        /// Its members are the platform's own.
        var download: Download

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            architecture = try members.decode(String.self, forKey: .architecture)
            version = try members.decode(String.self, forKey: .version)
            toolsDependencies = try members.decodeIfPresent([Need].self, forKey: .toolsDependencies)
            download = try Download(from: decoder)
        }
    }

    struct Tool: Decodable {
        var name: String
        var version: String
        var systems: [Download]
    }

    struct Download: Decodable {
        var host: String?
        var url: String?
        var archiveFileName: String?
        var checksum: String?
        var size: ArduinoSize?
    }

    var name: String
    var platforms: [Lenient<Platform>]?
    var tools: [Lenient<Tool>]?
}

/// A size in bytes, which the indexes write as a string and some as a number.
struct ArduinoSize: Decodable {
    var bytes: Int?

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        bytes = try (try? value.decode(Int.self)) ?? Int(value.decode(String.self).trimmed)
    }
}
