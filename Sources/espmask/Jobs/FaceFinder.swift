// Pictures as inputs of a model: the face cut out by the Python helper where its environment is there, else the whole
// picture, then grey and in the model's size.

import ESPImage
import HostInference
import Pictures
import Toolchain

/// Finds faces with the helper of training/.
struct FaceFinder {
    /// Where a face is, and how it was found: `face`, `eye`, `whole`.
    struct Face: Equatable, Sendable {
        var left: Int
        var top: Int
        var width: Int
        var height: Int
        var how: String
    }

    private let script: TrainingScript

    /// A finder; nil where training's environment is not there.
    init?(home: ProjectHome, console: Console) {
        script = TrainingScript(home: home, console: console)
        if !script.environment.isReady { return nil }
    }

    /// Why there is no finder.
    static let missing = Failure(
        "tool-missing", "what finds faces is not installed",
        hint: "`espmask train --synthetic --out DIR` installs it once; without --crop the whole picture is taken.")

    /// The face in a picture's file. Throws `bad-inputs`.
    func face(in path: String) async throws -> Face? {
        let found = Mutexed(Face?.none)
        try await script.run("crop_faces.py", ["--", path]) { event in
            guard event.event == "crop", let left = event.left, let top = event.top, let width = event.width,
                let height = event.height
            else { return }
            found.with { $0 = Face(left: left, top: top, width: width, height: height, how: event.how ?? "face") }
        }
        return found.with { $0 }
    }
}

extension Samples {
    /// A picture's file as an input: its face or the whole of it, grey, in the input's size, (byte - 127) / scale.
    static func picture(
        _ path: String, model: PackedModel, face: FaceFinder.Face?
    ) throws(Failure) -> [InputValue] {
        let bytes = try Files.read(path)
        guard PictureFile.isPicture(bytes) else {
            throw Failure(
                "bad-inputs", "\(path) is no PNG or JPEG picture", hint: "Save it again as one of them.")
        }
        return try picture(bytes, path: path, model: model, face: face)
    }

    /// The same of bytes that begin as a picture does.
    static func picture(
        _ bytes: [UInt8], path: String, model: PackedModel, face: FaceFinder.Face? = nil
    ) throws(Failure) -> [InputValue] {
        guard let size = model.pictureSize else {
            throw Failure(
                "bad-inputs", "\(path) is a picture, but the model's \(model.inputCount) inputs are none",
                hint: "Give the inputs as CSV, one sample to a line.")
        }
        do throws(PictureError) {
            var whole: GreyPicture? = try PictureFile.decode(bytes)
            if let face {
                whole = whole?.cropped(left: face.left, top: face.top, width: face.width, height: face.height)
            }
            guard let picture = whole?.resized(width: size.width, height: size.height) else {
                throw PictureError(message: "the face lies outside of it")
            }
            let scale = Float(model.slot.pixelScale.rawValue)
            return picture.pixels.map { .real((Float($0) - 127) / scale) }
        } catch {
            throw Failure(
                "bad-inputs", "\(path) cannot be read as a picture: \(error.message)",
                hint: "PNG and JPEG files are read; save it again as one of them.")
        }
    }
}
