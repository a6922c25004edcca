// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title TAN, the staking coin of the chain, as an ERC-20 with EIP-2612 permits
/// @notice Lives at 0x0000000000000000000000000000000054414e01. The supply is 10^9 TAN of 18 decimals, fixed at genesis:
/// nothing mints or burns it. Balances stand in the mapping at slot 0, allowances at slot 1, the supply at slot 2 and the
/// nonces of permits at slot 3, so that common tools find and prove them.
interface ITanToken {
    /// @notice TAN moved.
    /// @param from who had it
    /// @param to who has it now
    /// @param amount in wei of TAN
    event Transfer(address indexed from, address indexed to, uint256 amount);

    /// @notice An owner lets a spender move its TAN.
    /// @param owner whose TAN it is
    /// @param spender who may move it
    /// @param amount up to which, in wei of TAN; 2^256 - 1 is without limit
    event Approval(address indexed owner, address indexed spender, uint256 amount);

    /// @notice The owner has less than is to be moved.
    /// @param owner whose balance it is
    /// @param balance what it has
    /// @param needed what it would take
    error InsufficientBalance(address owner, uint256 balance, uint256 needed);

    /// @notice The spender may move less than it tried to.
    /// @param spender who tried
    /// @param allowance what it may still move
    /// @param needed what it would take
    error InsufficientAllowance(address spender, uint256 allowance, uint256 needed);

    /// @notice TAN would be lost there: at the zero address, or at a system contract other than the Treasury. Stake by
    /// Staking's deposit.
    /// @param receiver where it was to go
    error InvalidReceiver(address receiver);

    /// @notice The permit's time is over.
    /// @param deadline the last second at which it could be used
    error PermitExpired(uint256 deadline);

    /// @notice The permit was not signed by its owner, was used before, or is for other values.
    error InvalidSignature();

    /// @notice The token's name.
    /// @return TAN
    function name() external view returns (string memory);

    /// @notice The token's symbol.
    /// @return TAN
    function symbol() external view returns (string memory);

    /// @notice How many decimals an amount has.
    /// @return 18
    function decimals() external view returns (uint8);

    /// @notice All TAN that there is.
    /// @return 10^27 wei
    function totalSupply() external view returns (uint256);

    /// @notice What an account has, without its stake.
    /// @param owner the account
    /// @return in wei of TAN
    function balanceOf(address owner) external view returns (uint256);

    /// @notice What a spender may still move.
    /// @param owner whose TAN it is
    /// @param spender who may move it
    /// @return in wei of TAN
    function allowance(address owner, address spender) external view returns (uint256);

    /// @notice Moves the caller's TAN.
    /// @param to who gets it
    /// @param amount in wei of TAN
    /// @return true; it reverts otherwise
    function transfer(address to, uint256 amount) external returns (bool);

    /// @notice Lets a spender move the caller's TAN, instead of what it could move before.
    /// @param spender who may move it
    /// @param amount up to which, in wei of TAN; 2^256 - 1 is without limit
    /// @return true
    function approve(address spender, uint256 amount) external returns (bool);

    /// @notice Moves an owner's TAN that the caller may move.
    /// @param from whose TAN it is
    /// @param to who gets it
    /// @param amount in wei of TAN
    /// @return true; it reverts otherwise
    function transferFrom(address from, address to, uint256 amount) external returns (bool);

    /// @notice The nonce that the owner's next permit must have.
    /// @param owner who signs
    /// @return the number of permits used so far
    function nonces(address owner) external view returns (uint256);

    /// @notice What permits of this chain are bound to (EIP-712: name TAN, version 1).
    /// @return its hash
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice An approval by signature, brought by anyone.
    /// @param owner who signed
    /// @param spender who may move the owner's TAN
    /// @param amount up to which, in wei of TAN
    /// @param deadline the last second at which the permit can be used
    /// @param v 27 or 28
    /// @param r first half of the signature
    /// @param s second half, in the lower half of the curve's order
    function permit(
        address owner,
        address spender,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}
