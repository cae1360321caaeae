// The face of the program: the list of its verbs. Each verb is a file of its own; nothing is decided here.

import ArgumentParser

struct Espmask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "espmask",
        abstract: "Takes a trained neural network to an ESP32 board and proves that it works there.",
        version: "0.9.0",
        subcommands: [
            RunCommand.self,
            BuildCommand.self,
            FlashCommand.self,
            ReadCommand.self,
            EraseCommand.self,
            VerifyCommand.self,
            ResetCommand.self,
            InfoCommand.self,
            MonitorCommand.self,
            ExplainCommand.self,
            TuneArenaCommand.self,
            TestCommand.self,
            PredictCommand.self,
            SendCommand.self,
            TrainCommand.self,
            EvaluateCommand.self,
            FitCommand.self,
            ModelCommand.self,
            ImageCommand.self,
            PartitionsCommand.self,
            BoardCommand.self,
            ToolchainCommand.self,
            DoctorCommand.self,
            BoardsCommand.self,
            PortsCommand.self,
        ]
    )
}
