// The 256 bytes that an application carries at the start of its first flash segment. Source: esp_app_desc.h of ESP-IDF.

/// What an application says of itself.
public struct ApplicationDescriptor: Sendable, Equatable {
    /// The anti-rollback counter.
    public let secureVersion: UInt32
    /// The application's version.
    public let version: String
    /// The project's name.
    public let project: String
    /// When it was compiled, as the compiler writes the time.
    public let time: String
    /// When it was compiled, as the compiler writes the date.
    public let date: String
    /// The version of ESP-IDF.
    public let idfVersion: String
    /// SHA-256 of the ELF file; zeros where it was not filled in.
    public let elfDigest: [UInt8]
    /// The logarithm of the MMU page size; 0 where it does not say (before ESP-IDF 5.4).
    public let pageSizeLogarithm: UInt8

    static let size = 256
    static let magic: UInt32 = 0xABCD_5432
    /// Where an image holds the ELF file's digest when the descriptor comes first: header, segment header, 0x90.
    static let digestPlaceInImage = 0xB0

    /// The descriptor that `bytes` start with, or nil.
    public init?(parsing bytes: ArraySlice<UInt8>) {
        let field = Array(bytes.prefix(Self.size))
        guard field.count == Self.size, field.u32(at: 0) == Self.magic, let secureVersion = field.u32(at: 4) else {
            return nil
        }
        self.secureVersion = secureVersion
        version = field.text(at: 16, limit: 32) ?? ""
        project = field.text(at: 48, limit: 32) ?? ""
        time = field.text(at: 80, limit: 16) ?? ""
        date = field.text(at: 96, limit: 16) ?? ""
        idfVersion = field.text(at: 112, limit: 32) ?? ""
        elfDigest = Array(field[0x90..<0xB0])
        pageSizeLogarithm = field[0xB4]
    }
}
