// `--stub`: whether the chip's own loader does the work, or a flasher stub that the user has. Stub files are JSON as
// esptool carries them: entry, text and data in base64, and their addresses. None comes with espmask.

import ArgumentParser
import DeviceBridge
import Foundation
import SystemPackage

struct StubOption: ParsableArguments {
    @Option(help: "none: the ROM's loader; auto: the stub of an installed esptool, if there is one; or a stub's file.")
    var stub = "none"

    /// Where a session finds its stub; nil for the ROM's loader.
    var source: LoaderSession.StubSource? {
        get throws(Failure) {
            switch stub {
            case "none": return nil
            case "auto":
                let folders = StubFile.installedFolders()
                return { (chip) throws(DeviceError) in
                    for folder in folders where Files.exists("\(folder)/\(chip).json") {
                        return try StubFile.program("\(folder)/\(chip).json")
                    }
                    return nil
                }
            default:
                // A file that cannot be used is found out before a board is touched.
                let program: StubProgram
                do throws(DeviceError) { program = try StubFile.program(stub) } catch {
                    throw Failure(error.code, error.message, hint: error.hint)
                }
                return { (_) throws(DeviceError) in program }
            }
        }
    }
}

/// A stub's file.
private struct StubFile: Decodable {
    var entry: UInt32
    var text: Data
    var textStart: UInt32
    var data: Data?
    var dataStart: UInt32?

    enum CodingKeys: String, CodingKey {
        case entry, text, data
        case textStart = "text_start"
        case dataStart = "data_start"
    }

    private static let largest = 1 << 20

    static func program(_ path: String) throws(DeviceError) -> StubProgram {
        let bytes: [UInt8]
        do { bytes = try Files.read(path) } catch {
            throw DeviceError(code: error.code, message: error.message, hint: error.hint)
        }
        guard bytes.count <= largest, let file = try? JSONDecoder().decode(StubFile.self, from: Data(bytes)),
            !file.text.isEmpty, file.textStart <= file.entry, Int(file.entry - file.textStart) < file.text.count
        else {
            throw DeviceError(
                code: "usage", message: "\(path) is no flasher stub",
                hint: "A stub is a JSON file with entry, text, text_start, data and data_start; --stub none needs none."
            )
        }
        var parts = [StubProgram.Part(address: file.textStart, bytes: Array(file.text))]
        if let data = file.data, let start = file.dataStart, !data.isEmpty {
            parts.append(.init(address: start, bytes: Array(data)))
        }
        return StubProgram(entry: file.entry, parts: parts)
    }

    /// The folders of stubs of the Python environments that the `esptool` on PATH, or the system, may belong to; the
    /// newer generation first.
    static func installedFolders() -> [String] {
        var roots: [String] = []
        for folder in (Console.environment("PATH") ?? "").split(separator: ":") {
            if Files.exists("\(folder)/esptool") || Files.exists("\(folder)/esptool.py") {
                roots.append(FilePath(String(folder)).removingLastComponent().string)
            }
        }
        if let environment = Console.environment("VIRTUAL_ENV") { roots.append(environment) }
        if let home = Console.environment("HOME") { roots.append(home + "/.local") }
        roots += ["/usr/local", "/usr"]
        var found: [String] = []
        for root in roots {
            let lib = root + "/lib"
            for python in Files.names(in: lib) where python.hasPrefix("python3") {
                for packages in ["site-packages", "dist-packages"] {
                    let stubs = "\(lib)/\(python)/\(packages)/esptool/targets/stub_flasher"
                    for generation in ["2", "1"] where Files.isFolder("\(stubs)/\(generation)") {
                        found.append("\(stubs)/\(generation)")
                    }
                }
            }
        }
        return found
    }
}
