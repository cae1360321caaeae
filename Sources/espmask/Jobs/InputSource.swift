// Where `send` has its inputs from: files that were named, a folder that is watched, or a camera.

import Foundation
import HostInference

/// Inputs, one after the other.
struct InputSource {
    let images: [String]
    let csv: String?
    let folder: String?
    let camera: String?
    /// Seconds between two looks.
    let period: Double
    let model: PackedModel
    let finder: FaceFinder?

    private static let endings = [".png", ".jpg", ".jpeg"]

    /// Hears a name, how the face was found, and the input.
    typealias Take = (String, String?, [InputValue]) async throws -> Void

    /// Throws for what can be known before a board is touched.
    func check() throws {
        for image in images { _ = try Samples.picture(image, model: model, face: nil) }
        if let csv { _ = try Samples(path: csv, model: model) }
        if let folder, !Files.isFolder(folder) {
            throw Failure("file-not-found", "there is no folder \(folder)", hint: "Check the path.")
        }
        if let camera, !Files.exists(camera) {
            throw Failure(
                "port-not-found", "there is no video device \(camera)",
                hint: "Plug a camera in, or name another one with --device; `ls /dev/video*` lists them.")
        }
    }

    /// Gives each input to `take`, at most `limit`; a folder and a camera end with Ctrl-C.
    func forEach(camera script: TrainingScript, limit: Int?, take: Take) async throws {
        var left = limit ?? .max
        for image in images where left > 0 && Interruption.caught == nil {
            try await picture(image, take)
            left -= 1
        }
        if let csv {
            for (index, sample) in try Samples(path: csv, model: model).all.enumerated()
            where left > 0 && Interruption.caught == nil {
                try await take("\(csv) #\(index + 1)", nil, sample)
                left -= 1
            }
        }
        if let folder { try await watch(folder, &left, take) }
        if let camera { try await film(camera, script, &left, take) }
    }

    private func picture(_ path: String, _ take: Take) async throws {
        let face = try await finder?.face(in: path)
        try await take(path, face?.how, try Samples.picture(path, model: model, face: face))
    }

    private func watch(_ folder: String, _ left: inout Int, _ take: Take) async throws {
        var seen: [String: Int] = [:]
        while left > 0, Interruption.caught == nil {
            var isNew = false
            for name in Files.names(in: folder) {
                let path = folder + "/" + name
                guard Self.endings.contains(where: { name.lowercased().hasSuffix($0) }), left > 0,
                    Interruption.caught == nil, let size = try? Files.size(path), seen[name] != size
                else { continue }
                seen[name] = size
                do {
                    try await picture(path, take)
                    (isNew, left) = (true, left - 1)
                } catch let failure as Failure where failure.code == "bad-inputs" {
                    // A file that is still being written is whole at a later look, with another size.
                    Console(json: false).note(failure.text)
                }
            }
            if !isNew { try await Task.sleep(for: .seconds(period)) }
        }
    }

    /// The helper takes pictures into a folder all the while; of those that came during a prediction the newest counts.
    private func film(_ device: String, _ script: TrainingScript, _ left: inout Int, _ take: Take) async throws {
        try await script.prepare()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("espmask-\(getpid())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let frames = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let arguments = ["--device", device, "--every", String(period), "--out", folder]
        let filming = Task {
            defer { frames.continuation.finish() }
            try await script.run("camera.py", arguments) { event in
                if event.event == "frame", let file = event.file { frames.continuation.yield(file) }
            }
        }
        defer { filming.cancel() }
        for await frame in frames.stream {
            guard left > 0, Interruption.caught == nil else { break }
            try await picture(frame, take)
            try? FileManager.default.removeItem(atPath: frame)
            left -= 1
            if left == 0 { return }
        }
        if Interruption.caught == nil { try await filming.value }
    }
}
