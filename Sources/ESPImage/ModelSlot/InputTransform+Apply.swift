// The input transform on this machine, in the board's order of operations, so that both agree to the last bit.

extension ModelSlot.InputTransform {
    /// The rows' values for an input of `columns` values: each the sum, from the first column to the last, of the matrix
    /// times the distance from the mean, all in float32. Values beyond `columns` are not looked at.
    public func apply(to input: [Float]) -> [Float] {
        (0..<rows).map { row in
            var sum: Float = 0
            for column in 0..<min(columns, input.count) {
                sum += (input[column] - mean[column]) * matrix[row * columns + column]
            }
            return sum
        }
    }
}
