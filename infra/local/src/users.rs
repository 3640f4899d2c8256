use std::collections::HashMap;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::types::{AttributeType, AuthFlowType, MessageActionType};

use crate::{LocalError, Result};

/// Meets Cognito's default policy; the emulator is reachable from this machine only.
pub(crate) const PASSWORD: &str = "Local-only-1!";

/// The people who can sign in to one deployment.
#[derive(Debug)]
pub(crate) struct Users<'a> {
    pub(crate) client: &'a Client,
    pub(crate) pool: &'a str,
    pub(crate) app: &'a str,
}

impl Users<'_> {
    /// Makes a user with a verified address, unless there is one.
    pub(crate) async fn ensure(&self, email: &str) -> Result<()> {
        let attributes = [("email", email), ("email_verified", "true")]
            .into_iter()
            .map(|(name, value)| AttributeType::builder().name(name).value(value).build())
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(LocalError::aws("describe a user"))?;
        let created = self
            .client
            .admin_create_user()
            .user_pool_id(self.pool)
            .username(email)
            .set_user_attributes(Some(attributes))
            .message_action(MessageActionType::Suppress)
            .send()
            .await
            .map_err(|error| error.into_service_error());
        match created {
            Err(error) if error.is_username_exists_exception() => Ok(()),
            Err(error) => Err(LocalError::aws("make a user in Cognito")(error)),
            Ok(_) => self.set_password(email).await,
        }
    }

    /// An ID token, good for an hour, of a user who is made if need be.
    pub(crate) async fn token(&self, email: &str) -> Result<String> {
        self.ensure(email).await?;
        let credentials = [("USERNAME", email), ("PASSWORD", PASSWORD)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let reply = self
            .client
            .admin_initiate_auth()
            .user_pool_id(self.pool)
            .client_id(self.app)
            .auth_flow(AuthFlowType::AdminUserPasswordAuth)
            .set_auth_parameters(Some(HashMap::from(credentials)))
            .send()
            .await
            .map_err(LocalError::aws(
                "sign in: the template's user pool client needs ALLOW_ADMIN_USER_PASSWORD_AUTH",
            ))?;
        let result = reply.authentication_result();
        let token = result.and_then(|result| result.id_token()).map(str::to_owned);
        token.ok_or_else(|| LocalError::unexpected("sign in", "Cognito sent no ID token"))
    }

    async fn set_password(&self, email: &str) -> Result<()> {
        self.client
            .admin_set_user_password()
            .user_pool_id(self.pool)
            .username(email)
            .password(PASSWORD)
            .permanent(true)
            .send()
            .await
            .map_err(LocalError::aws("set a user's password in Cognito"))?;
        Ok(())
    }
}
