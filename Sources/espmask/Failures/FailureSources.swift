// Turns the error types of the targets below into a Failure. Each target's error carries code, message and hint;
// what carries none is a bug of ours or the system's, and says so.

import ArgumentParser
import DeviceBridge
import ESPImage
import Evaluation
import HostInference
import SystemPackage
import Toolchain
import VirtualBoard

extension Failure {
    /// The failure an error stands for, or nil for the argument parser's own.
    init?(describing error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as ESPImageError: self.init(error.code, error.message, hint: error.hint)
        case let error as InferenceError: self.init(error.code.rawValue, error.message, hint: error.hint)
        case let error as ToolchainError: self.init(error.code, error.message, hint: error.hint)
        case let error as PythonError: self.init(error.code, error.message, hint: error.hint)
        case let error as EvaluationError: self.init(error.code, error.message, hint: error.hint)
        case let error as DeviceError: self.init(error.code, error.message, hint: error.hint)
        case let error as VirtualBoardError: self.init(error.code, error.message, hint: error.hint)
        case let error as Errno:
            self.init("file-not-found", "the system said: \(error)", hint: "Check the path and its permissions.")
        case _: return nil
        }
    }
}
