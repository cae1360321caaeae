// StandardScaler, PCA and logistic regression as scikit-learn fitted them, in double precision; and scaler and PCA
// folded into the one map that a board computes, rounded once.

public import ESPImage

/// A fitted StandardScaler, and the PCA behind it.
public struct Preprocessing: Sendable {
    /// The scaler's mean and scale, a number per pixel.
    let mean: [Double]
    let scale: [Double]
    /// The PCA's own mean, of standardised pixels, and its components, a row each.
    let centre: [Double]
    let components: [[Double]]

    /// The components of a picture's pixels: scaled, centred, projected.
    public func apply(to pixels: [Float]) -> [Double] {
        let centred = pixels.indices.map { (Double(pixels[$0]) - mean[$0]) / scale[$0] - centre[$0] }
        return components.map { row in zip(row, centred).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    /// Both as one affine map: (components / scale) * (x - (mean + centre * scale)).
    public var folded: ModelSlot.InputTransform {
        let columns = mean.count
        return ModelSlot.InputTransform(
            rows: components.count, columns: columns,
            mean: (0..<columns).map { Float(mean[$0] + centre[$0] * scale[$0]) },
            matrix: components.flatMap { row in (0..<columns).map { Float(row[$0] / scale[$0]) } })
    }
}

/// A fitted logistic regression: one row for two classes, else a row per class.
public struct LogisticRegression: Sendable {
    let coefficients: [[Double]]
    let intercepts: [Double]

    /// The class of features: the sign of the one decision value, or the largest of several.
    public func predict(_ features: [Double]) -> Int {
        let decisions = zip(coefficients, intercepts).map { row, intercept in
            zip(row, features).reduce(0) { $0 + $1.0 * $1.1 } + intercept
        }
        if decisions.count == 1 { return (decisions.first ?? 0) > 0 ? 1 : 0 }
        return decisions.indices.max { decisions[$0] < decisions[$1] } ?? 0
    }
}
