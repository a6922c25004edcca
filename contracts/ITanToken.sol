// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title TAN, the staking coin of the chain, as an ERC-20 with EIP-2612 permits
/// @notice Lives at 0x0000000000000000000000000000000054414e01. The supply is 10^9 TAN with 18 decimals, fixed at genesis:
/// nothing mints or burns TAN. Balances are in the mapping at slot 0, allowances at slot 1, the supply at slot 2 and the
/// nonces of permits at slot 3, so that common tools find and prove them.
interface ITanToken {
    /// @notice TAN was transferred.
    /// @param from the sender
    /// @param to the receiver
    /// @param amount in wei of TAN
    event Transfer(address indexed from, address indexed to, uint256 amount);

    /// @notice An owner allows a spender to transfer its TAN.
    /// @param owner the owner of the TAN
    /// @param spender the account that may transfer it
    /// @param amount maximum in wei of TAN; 2^256 - 1 means unlimited
    event Approval(address indexed owner, address indexed spender, uint256 amount);

    /// @notice The owner's balance is too low.
    /// @param owner the owner
    /// @param balance current balance
    /// @param needed amount required
    error InsufficientBalance(address owner, uint256 balance, uint256 needed);

    /// @notice The spender's allowance is too low.
    /// @param spender the spender
    /// @param allowance remaining allowance
    /// @param needed amount required
    error InsufficientAllowance(address spender, uint256 allowance, uint256 needed);

    /// @notice The receiver is the zero address, or a system contract other than the Treasury, where TAN would be lost. To
    /// stake, call Staking's deposit.
    /// @param receiver the receiver
    error InvalidReceiver(address receiver);

    /// @notice The permit has expired.
    /// @param deadline the last second at which it could be used
    error PermitExpired(uint256 deadline);

    /// @notice The owner did not sign this permit, or it was used before.
    error InvalidSignature();

    /// @notice The token's name.
    /// @return TAN
    function name() external view returns (string memory);

    /// @notice The token's symbol.
    /// @return TAN
    function symbol() external view returns (string memory);

    /// @notice The number of decimals of an amount.
    /// @return 18
    function decimals() external view returns (uint8);

    /// @notice The total supply of TAN.
    /// @return 10^27 wei
    function totalSupply() external view returns (uint256);

    /// @notice An account's balance, without its stake.
    /// @param owner the account
    /// @return the amount in wei of TAN
    function balanceOf(address owner) external view returns (uint256);

    /// @notice The amount that a spender may still transfer.
    /// @param owner the owner of the TAN
    /// @param spender the account that may transfer it
    /// @return the amount in wei of TAN
    function allowance(address owner, address spender) external view returns (uint256);

    /// @notice Transfers the caller's TAN.
    /// @param to the receiver
    /// @param amount in wei of TAN
    /// @return true; it reverts otherwise
    function transfer(address to, uint256 amount) external returns (bool);

    /// @notice Allows a spender to transfer the caller's TAN; replaces the previous allowance.
    /// @param spender the account that may transfer it
    /// @param amount maximum in wei of TAN; 2^256 - 1 means unlimited
    /// @return true
    function approve(address spender, uint256 amount) external returns (bool);

    /// @notice Transfers an owner's TAN within the caller's allowance.
    /// @param from the owner
    /// @param to the receiver
    /// @param amount in wei of TAN
    /// @return true; it reverts otherwise
    function transferFrom(address from, address to, uint256 amount) external returns (bool);

    /// @notice The nonce that the owner's next permit must have.
    /// @param owner the owner who signs
    /// @return the number of permits used so far
    function nonces(address owner) external view returns (uint256);

    /// @notice The EIP-712 domain of permits on this chain (name TAN, version 1).
    /// @return the hash of the domain
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice An approval by signature; anyone may submit it.
    /// @param owner the owner who signed
    /// @param spender the account that may transfer the owner's TAN
    /// @param amount maximum in wei of TAN
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
