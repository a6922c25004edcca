// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title TAN at stake
/// @notice Lives at 0x0000000000000000000000000000000054414e02. Who registers a BLS key and stakes TAN guards the chain;
/// with more stake it may stand as a candidate for the committee of validators. TAN that is withdrawn can still be slashed
/// until the unbonding period is over, and is claimed then. All amounts are in wei of TAN.
interface IStaking {
    /// @notice A guardian has its key.
    /// @param guardian the account
    /// @param blsPublicKey 48 bytes
    event KeyRegistered(address indexed guardian, bytes blsPublicKey);

    /// @notice A guardian stands for the committee, or does so no longer.
    /// @param guardian the account
    /// @param candidate does it stand?
    event CandidateSet(address indexed guardian, bool candidate);

    /// @notice A stake has grown.
    /// @param guardian the account
    /// @param amount by so much
    /// @param staked to so much
    event Deposited(address indexed guardian, uint256 amount, uint256 staked);

    /// @notice A part of a stake waits to be claimed.
    /// @param guardian the account
    /// @param amount the part
    /// @param claimableHeight from this block on it can be claimed, with all that waited before
    event WithdrawalRequested(address indexed guardian, uint256 amount, uint64 claimableHeight);

    /// @notice TAN that waited has gone back to its owner.
    /// @param guardian the account
    /// @param amount how much
    event Claimed(address indexed guardian, uint256 amount);

    /// @notice Not a BLS12-381 public key of 48 bytes, in its subgroup and not at infinity.
    error InvalidKey();

    /// @notice The proof is not the key's signature for this chain and this account.
    error InvalidProofOfPossession();

    /// @notice An account has one key, and a key one account, for good.
    /// @param guardian the account that has it
    error KeyAlreadyRegistered(address guardian);

    /// @notice A key must be registered first.
    /// @param guardian the account without one
    error NoKey(address guardian);

    /// @notice The stake would be too small.
    /// @param staked what it would be
    /// @param minimum what it must be
    error BelowMinimumStake(uint256 staked, uint256 minimum);

    /// @notice The stake would be too large.
    /// @param staked what it would be
    /// @param maximum what it may be
    error AboveMaximumStake(uint256 staked, uint256 maximum);

    /// @notice More was to be withdrawn than is staked.
    /// @param staked what is
    /// @param needed what it would take
    error InsufficientStake(uint256 staked, uint256 needed);

    /// @notice Nothing waits, or its time has not come.
    /// @param claimableHeight from this block on it can be claimed; 0 where nothing waits
    error NothingToClaim(uint64 claimableHeight);

    /// @notice An amount of nothing.
    error ZeroAmount();

    /// @notice The pool of guardians is full.
    /// @param most its size
    error TooManyGuardians(uint256 most);

    /// @notice The caller has less TAN than it would stake.
    /// @param owner the caller
    /// @param balance what it has
    /// @param needed what it would take
    error InsufficientBalance(address owner, uint256 balance, uint256 needed);

    /// @notice Registers the caller's BLS key.
    /// @param blsPublicKey 48 bytes
    /// @param proofOfPossession 96 bytes: the key's signature over chain id, caller and key
    function registerKey(bytes calldata blsPublicKey, bytes calldata proofOfPossession) external;

    /// @notice Stands for the committee, with the stake that a validator needs, or does so no longer.
    /// @param candidate does the caller stand?
    function setCandidate(bool candidate) external;

    /// @notice Stakes the caller's TAN; no approval is needed.
    /// @param amount how much more
    function deposit(uint256 amount) external;

    /// @notice Takes TAN out of the stake: all, or so much that the minimum stays. It waits for the unbonding period,
    /// and all that waits already waits anew. Who keeps less than a validator needs is no candidate any more.
    /// @param amount how much
    function withdraw(uint256 amount) external;

    /// @notice Fetches what has waited long enough.
    /// @return amount how much
    function claim() external returns (uint256 amount);

    /// @notice An account's stake.
    /// @param guardian the account
    /// @return staked what is at stake
    /// @return unbonding what waits
    /// @return claimableHeight when that can be claimed
    /// @return candidate does it stand for the committee?
    function stakeOf(address guardian)
        external
        view
        returns (uint256 staked, uint256 unbonding, uint64 claimableHeight, bool candidate);

    /// @notice An account's key.
    /// @param guardian the account
    /// @return 48 bytes, or none
    function keyOf(address guardian) external view returns (bytes memory);

    /// @notice A key's account.
    /// @param blsPublicKey 48 bytes
    /// @return the account, or zero
    function guardianOf(bytes calldata blsPublicKey) external view returns (address);

    /// @notice How many accounts have a stake.
    /// @return their number
    function guardianCount() external view returns (uint256);

    /// @notice One of the accounts with a stake, in no order that means anything.
    /// @param index below guardianCount
    /// @return the account, or zero beyond the last
    function guardianAt(uint256 index) external view returns (address);

    /// @notice All stakes together.
    /// @return in wei of TAN, without what waits
    function totalStaked() external view returns (uint256);
}
