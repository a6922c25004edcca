// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Staking of TAN
/// @notice Lives at 0x0000000000000000000000000000000054414e02. An account becomes a guardian when it registers a BLS key
/// and stakes TAN; with more stake it may become a candidate for the committee of validators. Withdrawn TAN can be slashed
/// until the unbonding period is over, and can then be claimed. All amounts are in wei of TAN.
interface IStaking {
    /// @notice A guardian registered its key.
    /// @param guardian the account
    /// @param blsPublicKey 48 bytes
    event KeyRegistered(address indexed guardian, bytes blsPublicKey);

    /// @notice A guardian became a candidate for the committee, or ceased to be one.
    /// @param guardian the account
    /// @param candidate whether it is a candidate
    event CandidateSet(address indexed guardian, bool candidate);

    /// @notice A guardian staked TAN.
    /// @param guardian the account
    /// @param amount amount added
    /// @param staked resulting stake
    event Deposited(address indexed guardian, uint256 amount, uint256 staked);

    /// @notice A guardian withdrew a part of its stake, which is now unbonding.
    /// @param guardian the account
    /// @param amount amount withdrawn
    /// @param claimableHeight first block at which it can be claimed, together with all earlier withdrawals
    event WithdrawalRequested(address indexed guardian, uint256 amount, uint64 claimableHeight);

    /// @notice Unbonded TAN returned to its owner.
    /// @param guardian the account
    /// @param amount amount returned
    event Claimed(address indexed guardian, uint256 amount);

    /// @notice Not a BLS12-381 public key of 48 bytes, in its subgroup and not at infinity.
    error InvalidKey();

    /// @notice The proof is not the key's signature for this chain and this account.
    error InvalidProofOfPossession();

    /// @notice The account already has a key, or the key already has an account; neither can change.
    /// @param guardian the account with the key
    error KeyAlreadyRegistered(address guardian);

    /// @notice The account must first register a key.
    /// @param guardian the account
    error NoKey(address guardian);

    /// @notice The stake would be too small.
    /// @param staked resulting stake
    /// @param minimum minimum stake
    error BelowMinimumStake(uint256 staked, uint256 minimum);

    /// @notice The stake would be too large.
    /// @param staked resulting stake
    /// @param maximum maximum stake
    error AboveMaximumStake(uint256 staked, uint256 maximum);

    /// @notice The withdrawal exceeds the stake.
    /// @param staked current stake
    /// @param needed amount required
    error InsufficientStake(uint256 staked, uint256 needed);

    /// @notice Nothing is unbonding, or the unbonding period is not over.
    /// @param claimableHeight first block at which it can be claimed; 0 if nothing is unbonding
    error NothingToClaim(uint64 claimableHeight);

    /// @notice The amount is 0.
    error ZeroAmount();

    /// @notice The pool of guardians is full.
    /// @param most the maximum number of guardians
    error TooManyGuardians(uint256 most);

    /// @notice The caller has less TAN than the amount to stake.
    /// @param owner the caller
    /// @param balance current balance
    /// @param needed amount required
    error InsufficientBalance(address owner, uint256 balance, uint256 needed);

    /// @notice Registers the caller's BLS key.
    /// @param blsPublicKey 48 bytes
    /// @param proofOfPossession 96 bytes: the key's signature over chain id, caller and key
    function registerKey(bytes calldata blsPublicKey, bytes calldata proofOfPossession) external;

    /// @notice Makes the caller a candidate for the committee (needs a validator's minimum stake), or ends that.
    /// @param candidate whether the caller wants to be a candidate
    function setCandidate(bool candidate) external;

    /// @notice Stakes the caller's TAN; needs no approval.
    /// @param amount amount to add
    function deposit(uint256 amount) external;

    /// @notice Withdraws TAN from the stake: all of it, or a part that leaves the minimum. The withdrawn TAN unbonds for
    /// the unbonding period; this restarts the period of earlier withdrawals. A candidate that keeps less than a
    /// validator's minimum stake ceases to be one.
    /// @param amount amount to withdraw
    function withdraw(uint256 amount) external;

    /// @notice Claims the TAN that has unbonded.
    /// @return amount amount claimed
    function claim() external returns (uint256 amount);

    /// @notice An account's stake.
    /// @param guardian the account
    /// @return staked current stake
    /// @return unbonding amount that is unbonding
    /// @return claimableHeight first block at which that can be claimed
    /// @return candidate whether it is a candidate for the committee
    function stakeOf(address guardian)
        external
        view
        returns (uint256 staked, uint256 unbonding, uint64 claimableHeight, bool candidate);

    /// @notice An account's key.
    /// @param guardian the account
    /// @return 48 bytes, or empty
    function keyOf(address guardian) external view returns (bytes memory);

    /// @notice A key's account.
    /// @param blsPublicKey 48 bytes
    /// @return the account, or zero
    function guardianOf(bytes calldata blsPublicKey) external view returns (address);

    /// @notice The number of accounts with a stake.
    /// @return the number
    function guardianCount() external view returns (uint256);

    /// @notice One of the accounts with a stake, in arbitrary order.
    /// @param index below guardianCount
    /// @return the account, or zero beyond the last
    function guardianAt(uint256 index) external view returns (address);

    /// @notice The sum of all stakes.
    /// @return the sum in wei of TAN, without unbonding amounts
    function totalStaked() external view returns (uint256);
}
